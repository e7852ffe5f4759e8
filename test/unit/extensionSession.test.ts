import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";
import { openFleetSession } from "../../extension/core/openFleetSession.ts";
import { whenFleetKnown } from "../../extension/core/whenFleetKnown.ts";
import { aHost, aReading } from "../support/fleetRecords.ts";
import { aWire, identity } from "../support/handPlayedFleet.ts";

describe("a fleet session", () => {
  it("asks once for the readings of a host that several watch, until the last lets it go", () => {
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    const [one, two] = [aHost().id, "h-0000000000000002" as ReturnType<typeof aHost>["id"]];
    const [tree, panel] = [{}, {}];
    session.watchFor(tree, new Set([one]));
    session.watchFor(panel, new Set([one, two]));
    assert.deepEqual([...wire.open], ["fleet", "prompts", `metrics:${one}`, `metrics:${two}`]);
    session.watchFor(tree, new Set());
    assert.ok(wire.open.has(`metrics:${one}`));
    session.watchFor(panel, new Set([two]));
    assert.deepEqual([...wire.open], ["fleet", "prompts", `metrics:${two}`]);
    session.watchFor(panel, new Set());
    assert.deepEqual([...wire.open], ["fleet", "prompts"]);
  });

  it("takes in snapshots and readings, and tells its listeners", () => {
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    let told = 0;
    session.listen(() => (told += 1));
    wire.say("fleet", { kind: "fleet", hosts: [aHost()], jobs: [], removedHostIds: [] });
    session.watchFor({}, new Set([aHost().id]));
    wire.say(`metrics:${aHost().id}`, { kind: "metrics", reading: aReading({ atMs: 7_000 }) });
    assert.equal(told, 2);
    assert.equal(session.fleet.hosts.get(aHost().id)?.reading?.atMs, 7_000);
  });

  it("does not ask for questions as a viewer, and forgets them without contact", () => {
    const viewer = aWire();
    openFleetSession(viewer.needs(identity("a", "viewer")));
    assert.ok(!viewer.open.has("prompts"));
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    wire.say("prompts", { kind: "prompts", prompts: [{ id: "p-1" } as never] });
    assert.equal(session.prompts.length, 1);
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Error("gone") });
    assert.equal(session.prompts.length, 0);
  });

  it("knows for which hosts this window has work under way, and tells when it begins", async () => {
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    let told = 0;
    session.listen(() => (told += 1));
    const works = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
    const [one, two] = works.map(({ promise }) => session.attend("box", () => promise)) as [
      Promise<string>,
      Promise<string>,
    ];
    assert.deepEqual([told, session.isAttended("box"), session.isAttended("other")], [2, true, false]);
    works[0].resolve("done");
    assert.equal(await one, "done");
    assert.equal(session.isAttended("box"), true);
    works[1].reject(new Error("refused"));
    await assert.rejects(two, /refused/);
    assert.equal(session.isAttended("box"), false);
  });

  it("knows the work that was begun in the session before it", async () => {
    const wire = aWire();
    const before = openFleetSession(wire.needs(identity("a")));
    const work = Promise.withResolvers<string>();
    const done = before.attend("box", () => work.promise);
    const { fleet, works } = before;
    const after = openFleetSession({
      ...wire.needs(identity("a")),
      known: { fleet, works, sinceMs: undefined },
    });
    before.close();
    assert.equal(after.isAttended("box"), true);
    work.resolve("done");
    await done;
    assert.equal(after.isAttended("box"), false);
  });

  it("is settled by the first snapshot, by failing contact, or by another session in its place", async () => {
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    const known = whenFleetKnown(session);
    wire.state({ kind: "connected" });
    wire.say("fleet", { kind: "fleet", hosts: [], jobs: [], removedHostIds: [] });
    await known;
    const other = openFleetSession(wire.needs(identity("a")));
    const failed = whenFleetKnown(other);
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Refusal("service-unreachable") });
    await failed;
    assert.equal(other.contact.kind, "lost");
    const replaced = openFleetSession(wire.needs(identity("a")));
    const waiting = whenFleetKnown(replaced);
    replaced.close();
    await assert.rejects(
      waiting,
      (error) => error instanceof Refusal && error.code === "service-unreachable",
    );
  });
});
