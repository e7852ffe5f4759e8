import assert from "node:assert/strict";
import { hostStatus } from "../../protocol/hostStatus.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import { aScriptedProber, on, settled, target } from "../support/scriptedProber.ts";

describe("the prober", () => {
  it("does nothing for a host whose probe is off", async () => {
    const { prober, clock, attempts } = aScriptedProber();
    prober.setHosts([{ target, probe: "off" }]);
    await clock.advance(600_000);
    assert.equal(attempts(), 0);
    assert.equal(hostStatus(prober.signals(target.id), clock.now()).kind, "never");
  });

  it("asks every 15 s, every second while somebody looks, and slows down a while after", async () => {
    const { prober, clock, shell, shells, status } = aScriptedProber();
    prober.setHosts(on);
    await settled();
    assert.equal(shell(0).everyS, 15);
    await shell(0).hello();
    const unwatch = prober.watch(target.id);
    await settled();
    assert.equal(shell(0).isClosed, true);
    assert.equal(shell(1).everyS, 1);
    await clock.advance(8_000);
    assert.equal(status().kind, "online", "the quick cadence counts from its first tick");
    await shell(1).hello();
    assert.equal(prober.signals(target.id).cadenceMs, 1_000);
    unwatch();
    await clock.advance(2_000);
    assert.equal(shells.length, 2);
    const unwatchAgain = prober.watch(target.id);
    await shell(1).tick();
    await clock.advance(5_000);
    assert.equal(shells.length, 2, "a view closed for a moment changes nothing");
    await shell(1).tick();
    unwatchAgain();
    await clock.advance(5_000);
    assert.equal(shell(2).everyS, 15);
    await prober.stop();
  });

  it("lets go of a host that was removed, and opens one anew whose way in has changed", async () => {
    const { prober, shell, shells, readings } = aScriptedProber();
    prober.setHosts(on);
    await settled();
    await shell(0).hello();
    assert.equal(readings.length, 1);
    const moved = {
      ...target,
      connection: { ...target.connection, kind: "ssh", alias: "elsewhere" },
    } as ShellTarget;
    prober.setHosts(on);
    assert.equal(shell(0).isClosed, false, "the same host again changes nothing");
    prober.setHosts([{ target: moved, probe: "on" }]);
    await settled();
    assert.deepEqual([shell(0).isClosed, shells.length], [true, 2]);
    prober.setHosts([]);
    await settled();
    assert.equal(shell(1).isClosed, true);
    assert.equal(prober.latest(target.id), null);
    await shell(1).tick();
    assert.equal(readings.length, 1);
  });

  it("takes a single reading as a sign of life of a host it waits for", async () => {
    const needsLogin = new Refusal("needs-login", { host: "box", what: "a password" });
    const { prober, shell, shells, status } = aScriptedProber([needsLogin]);
    prober.setHosts(on);
    await settled();
    assert.equal(status().kind, "needs-login");
    const once = prober.probeOnce(target, { attended: true, timeoutMs: 5_000 });
    await settled();
    await shell(0).hello();
    const reading = await once;
    assert.equal(shell(0).isClosed, true);
    assert.equal(prober.latest(target.id), reading);
    assert.equal(status().kind, "online");
    await settled();
    assert.equal(shells.length, 2, "and it reads on by itself");
    await prober.stop();
  });

  it("starts nothing after its end", async () => {
    const { prober, clock, shell, attempts } = aScriptedProber();
    prober.setHosts(on);
    const unwatch = prober.watch(target.id);
    await settled();
    await shell(0).hello();
    await prober.stop();
    unwatch();
    prober.setHosts(on);
    await clock.advance(600_000);
    assert.deepEqual([attempts(), shell(0).isClosed, clock.pending], [1, true, 0]);
  });
});
