import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { identitySchema } from "../../protocol/client/identity.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

const dayMs = 86_400_000;

describe("a service that runs on, by itself", function () {
  this.timeout(60_000);
  let service: TestService;
  let awayMs = -92 * dayMs;

  before(async () => {
    service = await startTestService({ now: () => Date.now() + awayMs, upkeepMs: 50 });
  });
  after(() => service.end());

  const owner = () =>
    identitySchema.parse(JSON.parse(readFileSync(join(service.home, "identity.json"), "utf8")));
  const states = async (): Promise<string> => {
    const client = service.clientOf(owner());
    return (await client.call("getCaBundle")).cas.map(({ state }) => state).join();
  };

  it("announces the next authority after ninety days, has it sign a day later, and keeps its owner in", async () => {
    // The clock of who connects is the real one: by it the first certificates of service and owner have run out.
    awayMs = -1.5 * dayMs;
    await until(() => existsSync(join(service.home, "keys", "ca-next.json")), "an authority is announced");
    await until(async () => (await states().catch(() => "")) === "issuing,announced", "its owner sees it");
    awayMs = 0;
    await until(async () => (await states().catch(() => "")) === "superseded,issuing", "it signs");
    assert.equal((await service.clientOf(owner()).call("getStatus")).role, "admin");
  });
});
