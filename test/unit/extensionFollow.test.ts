import assert from "node:assert/strict";
import { followSession } from "../../extension/core/followSession.ts";
import type { FleetSession } from "../../extension/core/openFleetSession.ts";
import { aMembership, identity, profile } from "../support/handPlayedFleet.ts";

describe("what follows a fleet's session, as a task does", () => {
  const first = identity("a");
  const other = { ...identity("b"), fleetId: "fleet-2", url: "https://127.0.0.2:7443" };

  async function aFollower() {
    const { membership, wire } = aMembership([profile(first), profile(other)]);
    const session = await membership.ready();
    assert(session);
    const told: FleetSession[] = [];
    let timesAway = 0;
    const followed = followSession(
      membership,
      session,
      (next) => told.push(next),
      () => (timesAway += 1),
    );
    return { membership, wire, session, told, followed, isAway: () => timesAway > 0 };
  }

  it("goes on with a renewed certificate, a changed role, another address, and after trying anew", async () => {
    const { membership, wire, session, told, followed } = await aFollower();
    await membership.keep({ ...first, certificatePem: "fresh" });
    await membership.keep({ ...first, certificatePem: "fresh", role: "viewer" });
    await membership.moveTo("fleet-1", "https://127.0.0.1:8");
    wire.state({ kind: "refused", error: new Error("no") });
    membership.reconnect();
    assert.equal(new Set([session, ...told]).size, 5);
    assert.equal(told.length, 4);
    assert.equal(followed.session, membership.session);
  });

  it("keeps away from another fleet, and goes on when its own is shown again", async () => {
    const { membership, session, told, followed, isAway } = await aFollower();
    assert.equal(isAway(), false);
    membership.switchTo("fleet-2");
    assert.deepEqual([told.length, followed.session, isAway()], [0, session, true]);
    membership.switchTo("fleet-1");
    assert.equal(told.length, 1);
    assert.equal(followed.session, membership.session);
  });

  it("is told nothing of the same session, nor once it has stopped", async () => {
    const { membership, wire, told, followed } = await aFollower();
    wire.state({ kind: "connected" });
    followed.stop();
    await membership.keep({ ...first, certificatePem: "fresh" });
    assert.equal(told.length, 0);
  });
});
