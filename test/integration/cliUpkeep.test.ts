import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitySchema, type Identity } from "../../protocol/client/identity.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { cliProblem, cli, type CliWorld } from "./cliFixture.ts";

const dayMs = 86_400_000;

describe("a membership on the command line", function () {
  this.timeout(60_000);
  let dir: string;
  let service: TestService;
  let clockMs = 0;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "hwledger-upkeep-"));
    service = await startTestService({ now: () => Date.now() + clockMs });
  });
  after(async () => {
    await service.end();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The folder of a viewer who joined so long ago. */
  async function joined(name: string, daysAgo: number): Promise<CliWorld> {
    clockMs = -daysAgo * dayMs;
    const member = await joinFleet(await service.link("viewer"), { name });
    clockMs = 0;
    const home = join(dir, name);
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, "identity.json"), JSON.stringify({ ...member, bundleSeenAtMs: Date.now() }), {
      mode: 0o600,
    });
    return { home };
  }
  const kept = ({ home }: CliWorld): Identity =>
    identitySchema.parse(JSON.parse(readFileSync(join(home, "identity.json"), "utf8")));

  it("is renewed when it is due, by whatever command the service answers", async () => {
    const works = await joined("works", 70);
    assert.equal((await cli(works, "status")).code, 0);
    assert.ok(kept(works).notAfterMs > Date.now() + 80 * dayMs);
    const refused = await joined("refused", 70);
    const before = kept(refused).notAfterMs;
    assert.equal(
      (await cliProblem(refused, "token", "create", "--role", "viewer")).code,
      "role-insufficient",
    );
    assert.ok(kept(refused).notAfterMs > before + 60 * dayMs, "a refused command left it as it was");
    const mistaken = await joined("mistaken", 70);
    assert.equal((await cliProblem(mistaken, "host", "show", "nowhere")).code, "host-not-found");
    assert.ok(kept(mistaken).notAfterMs > Date.now() + 80 * dayMs);
  });

  it("stays as it is where the certificate is what was refused", async () => {
    const late = await joined("late", 100);
    const gone = await joined("gone", 70);
    await service.client.call("revokeMember", { params: { member: "gone" } });
    for (const [world, code] of [
      [late, "certificate-expired"],
      [gone, "certificate-refused"],
    ] as const) {
      const before = kept(world);
      assert.deepEqual(await cliProblem(world, "status").then((told) => [told.code, told.exit]), [code, 4]);
      assert.deepEqual(kept(world), before);
    }
    const { members } = await service.client.call("listMembers");
    assert.equal(
      members.find(({ name }) => name === "late")?.askedBackCode,
      null,
      "nobody has asked to come back",
    );
  });

  it("stays as it is where the service is out of reach", async () => {
    const away = await joined("away", 70);
    const before = kept(away);
    await service.stop();
    try {
      assert.equal((await cliProblem(away, "status")).code, "service-unreachable");
      assert.deepEqual(kept(away), before);
    } finally {
      await service.restart();
    }
  });
});
