import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";
import { probeRetryDelayMs } from "../../protocol/shells/probeRetryDelay.ts";
import { aScriptedProber, on, settled, target } from "../support/scriptedProber.ts";

const unreachable = new Refusal("host-unreachable", { host: "box", address: "box", reason: "refused" });

describe("the prober", () => {
  it("tries again with growing pauses, and says each time why", async () => {
    const { prober, clock, failures, attempts, status } = aScriptedProber(
      Array.from({ length: 20 }, () => unreachable),
    );
    prober.setHosts(on);
    const triedAtMs: number[] = [];
    const startMs = clock.now();
    for (let seen = 0; triedAtMs.length < 10;) {
      await clock.advance(100);
      if (attempts() > seen) triedAtMs.push(clock.now() - startMs);
      seen = attempts();
    }
    const pauses = triedAtMs.slice(1).map((at, n) => Math.round((at - (triedAtMs[n] ?? 0)) / 1000));
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert.equal(failures.length, 10);
    const now = status();
    assert.ok(now.kind === "unreachable" && now.code === "host-unreachable");
    await prober.stop();
    assert.equal(clock.pending, 0);
  });

  it("asks nobody to log in twice: it waits until somebody tries again", async () => {
    const needsLogin = new Refusal("needs-login", { host: "box", what: "a password" });
    const { prober, clock, attempts, status, shell } = aScriptedProber([needsLogin]);
    prober.setHosts(on);
    await clock.advance(3_600_000);
    prober.watch(target.id);
    await clock.advance(3_600_000);
    assert.equal(attempts(), 1);
    assert.equal(status().kind, "needs-login");
    prober.retryNow(target.id);
    await settled();
    await shell(0).hello();
    assert.equal(status().kind, "online");
    await prober.stop();
  });

  it("gives up a silent shell after three cadences and 10 s; meanwhile the host is late, then offline", async () => {
    const { prober, clock, shell, shells, status, failures } = aScriptedProber();
    prober.setHosts(on);
    await settled();
    await shell(0).hello();
    assert.equal(status().kind, "online");
    await clock.advance(50_000);
    assert.equal(status().kind, "late");
    assert.equal(shells.length, 1);
    await clock.advance(6_100);
    assert.equal(shell(0).isClosed, true);
    assert.equal(shells.length, 2);
    await clock.advance(130_000);
    assert.equal(failures.length > 0, true, "the second shell never said a word");
    assert.equal(status().kind, "unreachable");
    await prober.stop();
  });

  it("counts a break as a failure only when coming back fails", async () => {
    const { prober, clock, shell, failures, status } = aScriptedProber(["shell", unreachable]);
    prober.setHosts(on);
    await settled();
    await shell(0).hello();
    shell(0).lose();
    await settled();
    assert.deepEqual([failures.length, status().kind], [0, "online"]);
    await clock.advance(1_100);
    assert.deepEqual([failures.length, status().kind], [1, "unreachable"]);
    await clock.advance(2_100);
    await shell(1).hello();
    assert.equal(status().kind, "online");
    await prober.stop();
  });

  it("says what the shell said when it ends at once", async () => {
    const { prober, shell, failures } = aScriptedProber();
    prober.setHosts(on);
    await settled();
    shell(0).stderr.write("This account is currently not available.\n");
    await settled();
    shell(0).exit(1);
    await settled();
    assert.equal(failures[0]?.code, "host-shell-failed");
    assert.match(failures[0].reason, /code 1: This account is currently not available/);
    await prober.stop();
  });

  it("survives an error that is no refusal", async () => {
    const { prober, clock, failures, shell } = aScriptedProber([new Error("a bug")]);
    prober.setHosts(on);
    await clock.advance(1_100);
    assert.equal(failures[0]?.code, "host-shell-failed");
    await shell(0).hello();
    await prober.stop();
  });
});

describe("the pause before the next attempt", () => {
  it("is spread by a quarter, ends at a minute, is long for what people must put right", () => {
    assert.equal(probeRetryDelayMs("host-unreachable", 0, 0), 750);
    assert.equal(probeRetryDelayMs("host-unreachable", 0, 1), 1_250);
    assert.equal(probeRetryDelayMs("host-connection-lost", 40, 0.5), 60_000);
    assert.equal(probeRetryDelayMs("host-login-refused", 0, 0.5), 600_000);
    assert.equal(probeRetryDelayMs("host-key-changed", 3, 0.5), 600_000);
    assert.equal(probeRetryDelayMs("needs-login", 0, 0.5), Number.POSITIVE_INFINITY);
  });
});
