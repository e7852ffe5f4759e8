import assert from "node:assert/strict";
import { createMembership } from "../../extension/core/createMembership.ts";
import { createUpkeep } from "../../extension/core/createUpkeep.ts";
import { openFleetSession } from "../../extension/core/openFleetSession.ts";
import type { Profile } from "../../extension/core/profile.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { openStream } from "../../protocol/client/streamClient.ts";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

describe("the upkeep of an editor's memberships", function () {
  this.timeout(60_000);
  const services: TestService[] = [];
  before(async () => {
    for (let count = 1; count <= 3; count += 1) services.push(await startTestService());
  });
  after(async () => {
    for (const service of services) await service.end();
  });

  it("follows every fleet's authorities, not only those of the one that is shown, and asks for nobody's return", async () => {
    const profileOf = (identity: Identity): Profile => ({ identity, label: identity.url, home: null });
    const [shown, other, left] = await Promise.all(services.map((service) => service.member("viewer")));
    const hasRunOut = { ...left!, notAfterMs: Date.now() - 1 };
    let kept: readonly Profile[] = [shown!, other!, hasRunOut].map(profileOf);
    const membership = createMembership({
      store: { read: () => Promise.resolve(kept), write: (next) => Promise.resolve(void (kept = next)) },
      active: { get: () => shown!.fleetId, set: () => undefined },
      openSession: (identity) =>
        openFleetSession({
          identity,
          openStream: (member, onState) => openStream({ identity: member, client: "test", onState }),
          createClient: createRouteClient,
          now: Date.now,
        }),
      wasStopped: () => false,
    });
    const failures: unknown[] = [];
    const stop = createUpkeep({
      membership,
      now: Date.now,
      random: () => 0,
      onFailure: (error) => failures.push(error),
    });
    await membership.ready();
    const seen = () => kept.map(({ identity }) => identity.bundleSeenAtMs !== undefined);
    await until(() => seen()[0] === true && seen()[1] === true, "both were looked after");
    assert.deepEqual(seen(), [true, true, false]);
    const { members } = await services[2]!.client.call("listMembers");
    assert.ok(members.every(({ askedBackAtMs }) => askedBackAtMs === null));
    assert.deepEqual(failures, []);
    stop();
    membership.close();
  });
});
