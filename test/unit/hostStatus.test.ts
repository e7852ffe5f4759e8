import assert from "node:assert/strict";
import { hostStatus } from "../../protocol/hostStatus.ts";

const seen = { lastSeenAtMs: 100_000, cadenceMs: 15_000, failure: null };
const failure = { atMs: 5, code: "host-unreachable", reason: "nothing listens there", needsLogin: false };

describe("a host's status", () => {
  it("is never before the first reading", () => {
    assert.deepEqual(hostStatus({ ...seen, lastSeenAtMs: null }, 1), { kind: "never" });
  });

  for (const [silentMs, kind] of [
    [0, "online"],
    [45_000, "online"],
    [45_001, "late"],
    [180_000, "late"],
    [180_001, "offline"],
  ] as const)
    it(`is ${kind} after ${silentMs} ms of silence at a cadence of 15 s`, () => {
      assert.equal(hostStatus(seen, 100_000 + silentMs).kind, kind);
    });

  it("gives a host that is watched every second five seconds of grace", () => {
    assert.equal(hostStatus({ ...seen, cadenceMs: 1_000 }, 105_000).kind, "online");
    assert.equal(hostStatus({ ...seen, cadenceMs: 1_000 }, 105_001).kind, "late");
  });

  it("says how long a host has been silent, and never less than nothing", () => {
    assert.deepEqual(hostStatus(seen, 150_000), { kind: "late", lastSeenAtMs: 100_000, silentMs: 50_000 });
    assert.equal(hostStatus(seen, 0).kind, "online");
  });

  it("is unreachable with the reason after a failure", () => {
    assert.deepEqual(hostStatus({ ...seen, failure }, 100_001), {
      kind: "unreachable",
      sinceMs: 5,
      code: "host-unreachable",
      reason: "nothing listens there",
      lastSeenAtMs: 100_000,
    });
  });

  it("is needs-login where somebody must answer", () => {
    const status = hostStatus({ ...seen, failure: { ...failure, needsLogin: true } }, 100_001);
    assert.deepEqual(status, { kind: "needs-login", sinceMs: 5, reason: "nothing listens there" });
  });
});
