import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";
import { createAutoStart } from "../../extension/core/createAutoStart.ts";
import { aHost } from "../support/fleetRecords.ts";
import { aMembership, identity, profile } from "../support/handPlayedFleet.ts";
import { until } from "../support/until.ts";

describe("the membership", () => {
  const first = identity("a");
  const second = { ...identity("b"), fleetId: "fleet-2", url: "https://127.0.0.2:7443" };

  it("reads nothing until asked, and then once for all who ask", async () => {
    const { membership, store } = aMembership([profile(first)]);
    assert.equal(membership.session, undefined);
    assert.equal(store.reads(), 0);
    const [one, two] = await Promise.all([membership.ready(), membership.ready()]);
    assert.equal(one, two);
    assert.equal(store.reads(), 1);
  });

  it("makes a new session on joining and leaving, so that the old one is seen to be stale", async () => {
    const { membership, store } = aMembership([profile(first)]);
    const before = await membership.ready();
    const after = await membership.join(identity("b"));
    assert.notEqual(after, before);
    assert.equal(membership.session, after);
    await membership.leave("fleet-1");
    assert.equal(membership.session, null);
    assert.deepEqual(await store.read(), []);
  });

  it("begins anew with another role, as an admin may have given it, and not with the same", async () => {
    const { membership, store } = aMembership([profile(first)]);
    const before = await membership.ready();
    await membership.keep({ ...first, bundleSeenAtMs: 5 });
    assert.equal(membership.session, before);
    const other = first.role === "admin" ? "viewer" : "admin";
    await membership.keep({ ...first, role: other });
    assert.notEqual(membership.session, before);
    assert.equal(membership.session?.identity.role, other);
    assert.equal((await store.read())[0]?.identity.role, other);
  });

  it("keeps the fleets it was in when it joins another, and switches between them", async () => {
    const { membership } = aMembership([profile(first)]);
    await membership.ready();
    await membership.join(second, { home: "/data" });
    assert.deepEqual(
      membership.profiles.map(({ label, home }) => [label, home]),
      [
        ["lab", null],
        ["127.0.0.2:7443", "/data"],
      ],
    );
    const { session } = membership;
    membership.switchTo("fleet-1");
    assert.equal(membership.session?.identity.fleetId, "fleet-1");
    assert.notEqual(membership.session, session);
    membership.switchTo("nowhere");
    assert.equal(membership.profile?.label, "lab");
  });

  it("keeps a fleet's name and folder when it joins the same fleet again", async () => {
    const { membership } = aMembership([{ ...profile(first, "mine"), home: "/data" }]);
    await membership.ready();
    await membership.join({ ...first, certificatePem: "fresh" });
    assert.deepEqual(
      membership.profiles.map(({ label, home, identity: { certificatePem } }) => [
        label,
        home,
        certificatePem,
      ]),
      [["mine", "/data", "fresh"]],
    );
  });

  it("shows another fleet after leaving one", async () => {
    const { membership } = aMembership([profile(first), profile(second, "other")]);
    await membership.ready();
    await membership.leave("fleet-1");
    assert.equal(membership.profile?.label, "other");
  });

  it("takes a name without disturbing the connection", async () => {
    const { membership, store } = aMembership([profile(first)]);
    const session = await membership.ready();
    await membership.rename("fleet-1", "basement");
    assert.equal(membership.session, session);
    assert.equal((await store.read())[0]?.label, "basement");
  });

  it("loses none of several changes that are made at once, also after one that failed", async () => {
    const { membership, store } = aMembership([profile(first)]);
    await membership.ready();
    const { write } = store;
    store.write = () => Promise.reject(new Error("locked"));
    await assert.rejects(membership.rename("fleet-1", "attic"), /locked/);
    store.write = write;
    await Promise.all([
      membership.join(second),
      membership.keep({ ...first, certificatePem: "fresh" }),
      membership.moveTo("fleet-1", "https://127.0.0.1:8"),
    ]);
    assert.deepEqual(
      (await store.read()).map(({ identity: { fleetId, certificatePem, url } }) => [
        fleetId,
        certificatePem,
        url,
      ]),
      [
        ["fleet-1", "fresh", "https://127.0.0.1:8"],
        ["fleet-2", "b", second.url],
      ],
    );
  });

  it("lets a new membership in although the kept ones cannot be read", async () => {
    const { membership, store } = aMembership([]);
    store.read = () => Promise.reject(new Error("damaged"));
    const told: boolean[] = [];
    membership.listen(() => told.push(membership.isUnreadable));
    for (let time = 1; time <= 2; time += 1) await assert.rejects(membership.ready(), /damaged/);
    assert.deepEqual(told, [true], "told once, however often a view asks");
    await membership.join(first);
    assert.equal(membership.isUnreadable, false);
    assert.equal(membership.profile?.identity.fleetId, "fleet-1");
  });

  it("takes what another window has kept in place of what could not be read", async () => {
    const { membership, store } = aMembership([]);
    const { read } = store;
    store.read = () => Promise.reject(new Error("damaged"));
    await assert.rejects(membership.ready(), /damaged/);
    await assert.rejects(membership.refresh(), /damaged/);
    store.read = read;
    store.set([profile(identity("c"))]);
    await membership.refresh();
    assert.deepEqual([membership.isUnreadable, membership.session?.identity.certificatePem], [false, "c"]);
  });

  it("follows another window that joined or left, and not its own writing", async () => {
    const { membership, store } = aMembership([]);
    assert.equal(await membership.ready(), null);
    store.set([profile(identity("c"))]);
    await membership.refresh();
    const session = membership.session;
    assert.equal(session?.identity.certificatePem, "c");
    await membership.refresh();
    assert.equal(membership.session, session);
    store.set([]);
    await membership.refresh();
    assert.equal(membership.session, null);
  });

  it("tries at once when contact is lost, and starts anew when it was refused", async () => {
    const { membership, wire } = aMembership([profile(first)]);
    const session = await membership.ready();
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Error("gone") });
    membership.reconnect();
    assert.equal(wire.retries(), 1);
    assert.equal(membership.session, session);
    wire.say("fleet", { kind: "fleet", hosts: [aHost()], jobs: [], removedHostIds: [] });
    wire.state({ kind: "refused", error: new Error("no") });
    membership.reconnect();
    assert.notEqual(membership.session, session);
    assert.equal(membership.session?.fleet.hosts.size, 1, "what was last known is gone");
    await membership.join(second);
    assert.equal(membership.session?.fleet.isKnown, false, "another fleet's hosts are shown");
  });

  it("follows its service to another address, in every window, and tries again at the same", async () => {
    const { membership, store, wire } = aMembership([profile(first)]);
    const session = await membership.ready();
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Error("gone") });
    await membership.moveTo("fleet-1", first.url);
    assert.deepEqual([wire.retries(), membership.session], [1, session]);
    await membership.moveTo("fleet-1", "https://127.0.0.1:8");
    assert.equal(membership.session?.identity.url, "https://127.0.0.1:8");
    assert.equal((await store.read())[0]?.identity.url, "https://127.0.0.1:8");
    store.set([profile(first)]);
    await membership.refresh();
    assert.equal(membership.session?.identity.url, first.url);
  });

  it("moves the fleet that is meant, though another is shown by then, and none that was left", async () => {
    const { membership, store } = aMembership([{ ...profile(first), home: "/data" }, profile(second)]);
    await membership.ready();
    membership.switchTo("fleet-2");
    const session = membership.session;
    await membership.moveTo("fleet-1", "https://127.0.0.1:8");
    assert.equal(membership.session, session);
    const urls = async () => (await store.read()).map(({ identity: { url } }) => url);
    assert.deepEqual(await urls(), ["https://127.0.0.1:8", second.url]);
    store.set([profile(second)]);
    await membership.moveTo("fleet-1", "https://127.0.0.1:9");
    assert.deepEqual(await urls(), [second.url]);
  });

  it("renames and leaves the fleet that is meant, though another is shown by then", async () => {
    const { membership, store } = aMembership([profile(first), profile(second)]);
    await membership.ready();
    membership.switchTo("fleet-2");
    const { session } = membership;
    const labels = async () =>
      (await store.read()).map(({ label, identity: { fleetId } }) => [fleetId, label]);
    await membership.rename("fleet-1", "basement");
    assert.deepEqual(await labels(), [
      ["fleet-1", "basement"],
      ["fleet-2", "lab"],
    ]);
    await membership.leave("fleet-1");
    assert.deepEqual(await labels(), [["fleet-2", "lab"]]);
    assert.equal(membership.session, session);
    assert.equal(membership.profile?.identity.fleetId, "fleet-2");
  });

  it("holds one fleet for a data folder: one that was set up anew there takes the place of the earlier", async () => {
    const { membership, store } = aMembership([{ ...profile(first), home: "/data" }, profile(second)]);
    await membership.ready();
    await membership.join({ ...identity("c"), fleetId: "fleet-3" }, { home: "/data", label: "anew" });
    assert.deepEqual(
      (await store.read()).map((kept) => [kept.identity.fleetId, kept.label]),
      [
        ["fleet-2", "lab"],
        ["fleet-3", "anew"],
      ],
    );
  });

  it("says of last known hosts since when there was no contact, also after trying anew", async () => {
    const { membership, wire, clock } = aMembership([profile(first)]);
    await membership.ready();
    wire.state({ kind: "connected" });
    clock.nowMs = 1_000;
    wire.state({ kind: "refused", error: new Error("no") });
    clock.nowMs = 9_000;
    membership.reconnect();
    wire.state({ kind: "connecting" });
    wire.state({ kind: "refused", error: new Error("no") });
    const contact = membership.session?.contact;
    assert.deepEqual(contact?.kind === "refused" && contact.sinceMs, 1_000);
  });

  it("knows whether its service is on this machine, and whether somebody stopped it there", async () => {
    for (const [home, place] of [
      [null, "elsewhere"],
      ["/data", "here"],
      ["/stopped", "stopped-here"],
    ] as const) {
      const { membership } = aMembership([{ ...profile(first), home }]);
      await membership.ready();
      assert.equal(membership.place, place);
    }
  });

  it("starts a service of this machine again, once a minute at most, and only where that is wanted", async () => {
    const { membership, wire } = aMembership([{ ...profile(first), home: "/data" }]);
    await membership.ready();
    const started: string[] = [];
    let nowMs = 0;
    let wanted = false;
    let isStarting = false;
    createAutoStart({
      membership,
      local: {
        isStarting: () => isStarting,
        start(home) {
          started.push(home ?? "");
          return Promise.resolve({ url: "https://127.0.0.1:9", home: "/data", alreadyRunning: false });
        },
      },
      isWanted: () => wanted,
      now: () => nowMs,
      onFailure: assert.ifError,
    });
    const lost = () =>
      wire.state({ kind: "waiting", retryAtMs: 0, error: new Refusal("service-unreachable") });
    lost();
    assert.deepEqual(started, []);
    wanted = true;
    lost();
    lost();
    assert.deepEqual(started, ["/data"]);
    nowMs = 60_000;
    isStarting = true; // a person is at it, or has just given it up
    lost();
    assert.deepEqual(started, ["/data"]);
    isStarting = false;
    lost();
    assert.deepEqual(started, ["/data", "/data"]);
    const address = () => membership.session?.identity.url === "https://127.0.0.1:9";
    await until(address, "the session is at the address where it listens now");
  });
});
