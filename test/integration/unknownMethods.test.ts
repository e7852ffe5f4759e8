import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EventPayload, LedgerEvent } from "../../protocol/ledger/events.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { openHttp2, requestHttp2, tlsOptions } from "../support/tlsRequest.ts";
import { codeOf } from "./accessFixture.ts";

const head = { ":method": "FOO", ":path": "/v1/status" };

describe("a method that is none of HTTP's own, over HTTP/2", function () {
  this.timeout(60_000);
  let service: TestService;

  beforeEach(async () => {
    service = await startTestService({ limits: { failuresPerMinute: 30, requestsPerMinute: 40 } });
  });
  afterEach(() => service.end());

  const stranger = () => tlsOptions(service.owner.caPem, null);
  async function refusals(): Promise<EventPayload<"access.refused">[]> {
    await service.stop();
    await service.restart();
    const { events } = await service.clientOf(service.owner).call("listLedger", {
      query: { contains: "access.refused", limit: 1_000 },
    });
    return events.map(({ payload }: LedgerEvent) => payload as EventPayload<"access.refused">);
  }

  it("makes nobody a member: many addresses are told apart as far as strangers are, and all are counted", async () => {
    for (let number = 1; number <= 30; number += 1) {
      const from = { ...stranger(), localAddress: `127.0.7.${number}` };
      const session = await openHttp2(service.port, from);
      assert.equal((await requestHttp2(session, head)).status, 401);
      session.destroy();
    }
    const told = await refusals();
    const named = new Set(told.map(({ from }) => from).filter((from) => from.startsWith("127.0.7.")));
    assert.equal(named.size, 20);
    assert.equal(
      told.reduce((sum, { count }) => sum + count, 0),
      30,
    );
    assert.ok(told.every(({ request }) => request.startsWith("FOO ")));
  });

  it("is told to wait like any other, which is counted, and writes nothing into the service's log", async () => {
    const session = await openHttp2(service.port, stranger());
    const answers = new Map<string, number>();
    for (let time = 0; time < 100; time += 1) {
      const code = codeOf(await requestHttp2(session, head));
      answers.set(code, (answers.get(code) ?? 0) + 1);
    }
    session.destroy();
    assert.deepEqual([...answers.keys()], ["no-certificate", "rate-limited"]);
    const told = await refusals(); // stops the service first, which writes what is left of its log
    const messages = readFileSync(join(service.home, "service.log"), "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    assert.deepEqual(
      messages.filter(
        (message) => !/^(Server listening at|the service (listens|has stopped)$)/.test(message),
      ),
      [],
    );
    assert.ok(messages.includes("the service has stopped"));
    for (const [code, count] of answers) {
      const sum = told.filter((one) => one.code === code).reduce((total, one) => total + one.count, 0);
      assert.equal(sum, count, code);
    }
  });

  it("counts among a member's requests", async () => {
    const viewer = await service.member("viewer");
    const session = await openHttp2(service.port, tlsOptions(service.owner.caPem, viewer));
    const codes: string[] = [];
    for (let time = 0; time < 45; time += 1) codes.push(codeOf(await requestHttp2(session, head)));
    session.destroy();
    assert.equal(codes[0], "method-not-allowed");
    assert.equal(codes.at(-1), "rate-limited");
  });

  it("is named where it is refused", async () => {
    const viewer = await service.member("viewer");
    const session = await openHttp2(service.port, tlsOptions(service.owner.caPem, viewer));
    const { body } = await requestHttp2(session, head);
    session.destroy();
    assert.match(body, /FOO/);
  });
});
