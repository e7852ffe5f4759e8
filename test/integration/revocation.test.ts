import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Identity } from "../../protocol/client/identity.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import { RemoteProblem } from "../../protocol/problem.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { openHttp2, openTls, tlsOptions } from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";
import { startStreamFixture, type StreamFixture } from "./streamFixture.ts";

describe("an admin who looks after the members", function () {
  this.timeout(60_000);
  let fixture: StreamFixture;
  const sessions: ClientHttp2Session[] = [];

  before(async () => {
    fixture = await startStreamFixture();
  });
  after(async () => {
    for (const session of sessions) session.destroy();
    await fixture.closeStreams();
    await fixture.end();
  });

  const client = () => fixture.service.client;
  const problemCode = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "",
      (error: unknown) => (error instanceof RemoteProblem ? error.problem.code : String(error)),
    );

  async function eventsOf(type: string): Promise<LedgerEvent[]> {
    const { events } = await client().call("listLedger", { query: { contains: type, limit: 100 } });
    return events;
  }

  /** An answer without end, of HTTP/2. */
  async function endless(identity: Identity, path: string): Promise<ClientHttp2Stream> {
    const session = await openHttp2(fixture.service.port, tlsOptions(identity.caPem, identity));
    session.removeAllListeners("error").on("error", () => undefined);
    sessions.push(session);
    const stream = session.request({ ":path": path });
    stream.on("error", () => undefined);
    stream.resume();
    await new Promise((resolve) => stream.once("response", resolve));
    return stream;
  }

  it("sees who there is, with role, host of an agent, and the end of the certificate", async () => {
    const viewer = await fixture.service.member("viewer");
    const [host] = (await client().call("listHosts")).hosts;
    const agent = await fixture.service.agent(host?.name ?? "");
    const { members } = await client().call("listMembers");
    const of = (name: string) => members.find((member) => member.name === name);
    assert.equal(of(viewer.member)?.role, "viewer");
    assert.equal(of(viewer.member)?.notAfterMs, viewer.notAfterMs);
    assert.equal(of(viewer.member)?.seenAtMs, null);
    await fixture.service.clientOf(viewer).call("getStatus");
    const again = (await client().call("listMembers")).members;
    assert.ok(
      Math.abs((again.find(({ name }) => name === viewer.member)?.seenAtMs ?? 0) - Date.now()) < 60_000,
    );
    assert.deepEqual([of(agent.member)?.role, of(agent.member)?.host], ["agent", host?.name]);
    assert.equal(agent.member, host?.id);
  });

  it("ends everything that a revoked member has open at once, and refuses its next request", async () => {
    const member = await fixture.service.member("operator");
    const other = await fixture.service.member("operator");
    const job = await fixture.job("echo begun; exec sleep 600");
    const streams = [await fixture.greeted(member), await fixture.greeted(other)];
    const log = await endless(member, `/v1/jobs/${job.id}/log?follow=1`);
    const events = await endless(member, "/v1/metrics/stream");
    const othersLog = await endless(other, `/v1/jobs/${job.id}/log?follow=1`);
    const idle = await openTls(fixture.service.port, tlsOptions(member.caPem, member));
    idle.on("error", () => undefined);
    idle.write("GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n");
    await new Promise((resolve) => idle.once("data", resolve));
    const revoked = await client().call("revokeMember", { params: { member: member.member } });
    assert.ok(revoked.revokedAtMs !== null);
    await until(() => streams[0]?.closed() === 4001, "the WebSocket is closed");
    await until(() => log.destroyed && events.destroyed, "answers without end are cut");
    await until(() => idle.destroyed, "an idle connection is cut");
    assert.equal(streams[1]?.closed(), null);
    assert.equal(othersLog.destroyed, false);
    assert.equal(
      await problemCode(fixture.service.clientOf(member).call("getStatus")),
      "certificate-refused",
    );
    const [event] = (await eventsOf("member.revoked")).slice(-1);
    assert.deepEqual(
      [event?.actor, event?.payload],
      [`user/${fixture.service.owner.member}`, { member: member.member }],
    );
    await client().call("cancelJob", { params: { job: job.id } });
    await fixture.ended(job.id);
  });

  it("may do so twice without a second event", async () => {
    const before = (await eventsOf("member.revoked")).length;
    const { member } = await fixture.service.member("viewer");
    await client().call("revokeMember", { params: { member } });
    await client().call("revokeMember", { params: { member } });
    assert.equal((await eventsOf("member.revoked")).length, before + 1);
  });

  it("changes a role: it holds on the next request, and a stream comes back with it", async () => {
    const member = await fixture.service.member("operator");
    const stream = fixture.connected(member);
    const heard: string[] = [];
    stream.subscribe("prompts", {
      onData: () => void heard.push("served"),
      onProblem: ({ code }) => void heard.push(code),
    });
    await until(() => heard.includes("served"), "the operator is told of questions");
    const changed = await client().call("changeMember", {
      params: { member: member.member },
      body: { role: "viewer" },
    });
    assert.equal(changed.role, "viewer");
    await until(() => heard.includes("role-insufficient"), "the viewer is not");
    const asked = fixture.service.clientOf(member).call("listPrompts");
    assert.equal(await problemCode(asked), "role-insufficient");
    const [event] = (await eventsOf("member.role-changed")).slice(-1);
    assert.deepEqual(event?.payload, { member: member.member, from: "operator", to: "viewer" });
  });

  it("withdraws the links that a revoked or demoted admin has made", async () => {
    for (const end of ["revoked", "demoted"] as const) {
      const admin = await fixture.service.member("admin");
      const { member } = admin;
      const made = await fixture.service.clientOf(admin).call("createToken", { body: { role: "admin" } });
      if (end === "revoked") await client().call("revokeMember", { params: { member } });
      else await client().call("changeMember", { params: { member }, body: { role: "viewer" } });
      assert.equal(await problemCode(joinFleet(made.link)), "token-revoked", end);
    }
  });

  it("is never the last to go, by revocation or by role", async () => {
    const { member } = fixture.service.owner;
    assert.equal(await problemCode(client().call("revokeMember", { params: { member } })), "last-admin");
    const demoted = client().call("changeMember", { params: { member }, body: { role: "viewer" } });
    assert.equal(await problemCode(demoted), "last-admin");
  });

  it("is told of names that nobody has, of ended memberships, and of agents", async () => {
    const change = (member: string) =>
      problemCode(client().call("changeMember", { params: { member }, body: { role: "admin" } }));
    assert.equal(await change("nobody"), "member-not-found");
    const { member } = await fixture.service.member("viewer");
    await client().call("revokeMember", { params: { member } });
    assert.equal(await change(member), "member-revoked");
    const [host] = (await client().call("listHosts")).hosts;
    assert.equal(await change(host?.id ?? ""), "member-is-agent");
  });

  it("lists join links without their tokens, says what became of them, and withdraws one", async () => {
    const made = await client().call("createToken", { body: { role: "viewer" } });
    const listed = async (id: string) =>
      (await client().call("listTokens")).tokens.find((one) => one.id === id);
    const open = await listed(made.id);
    assert.deepEqual(
      [open?.state, open?.role, open?.createdBy],
      ["open", "viewer", `user/${fixture.service.owner.member}`],
    );
    const token = /token=([^&]+)/.exec(made.link)?.[1] ?? "";
    assert.ok(token.length > 20);
    assert.doesNotMatch(JSON.stringify(await client().call("listTokens")), new RegExp(token));
    const withdrawn = await client().call("revokeToken", { params: { token: made.id } });
    assert.equal(withdrawn.state, "revoked");
    assert.equal((await eventsOf("token.revoked")).at(-1)?.payload["tokenId"], made.id);
    const unknown = client().call("revokeToken", { params: { token: "t-0123456789abcdef" } });
    assert.equal(await problemCode(unknown), "token-not-found");
  });

  it("withdraws the links that would let in a revoked agent again, or bring back a revoked member", async () => {
    await client().call("addHost", { body: { name: "shed", alias: "127.0.0.1", unchecked: true } });
    const forAgent = { role: "agent", host: "shed" } as const;
    const [first, second] = [
      await client().call("createToken", { body: forAgent }),
      await client().call("createToken", { body: forAgent }),
    ];
    const agent = await joinFleet(first.link, { as: "agent" });
    const viewer = await fixture.service.member("viewer");
    const back = await client().call("createToken", { body: { member: viewer.member } });
    for (const { member } of [agent, viewer]) await client().call("revokeMember", { params: { member } });
    for (const { link } of [second, back])
      assert.equal(
        await problemCode(joinFleet(link, { as: link === back.link ? "user" : "agent" })),
        "token-revoked",
      );
    const { members } = await client().call("listMembers");
    for (const { member } of [agent, viewer])
      assert.notEqual(members.find(({ name }) => name === member)?.revokedAtMs, null);
    const { tokens } = await client().call("listTokens");
    for (const { id } of [second, back])
      assert.equal(tokens.find((token) => token.id === id)?.state, "revoked");
  });
});

describe("a service whose owner or host is taken out", function () {
  this.timeout(60_000);
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service.end());

  it("ends the agent of a host that is removed, and the links that would let in another", async () => {
    const { client } = service;
    const body = { name: "attic", alias: "127.0.0.1", unchecked: true };
    const { id } = await client.call("addHost", { body });
    const agent = service.clientOf(await service.agent("attic"));
    const { link } = await client.call("createToken", { body: { role: "agent", host: "attic" } });
    await client.call("removeHost", { params: { host: "attic" } });
    const code = (work: Promise<unknown>) =>
      work.then(
        () => "",
        (error: unknown) => (error instanceof RemoteProblem ? error.problem.code : String(error)),
      );
    assert.equal(await code(agent.call("getCaBundle")), "certificate-refused");
    assert.equal(await code(joinFleet(link, { as: "agent" })), "token-revoked");
    const { events } = await client.call("listLedger", { query: { limit: 100 } });
    const ended = events.filter(({ type }) => /^(host\.removed|token\.revoked|member\.revoked)$/.test(type));
    assert.deepEqual(
      ended.map(({ type }) => type),
      ["host.removed", "token.revoked", "member.revoked"],
    );
    assert.deepEqual(ended.at(-1)?.payload, { member: id });
  });

  it("keeps an owner who was revoked out for as long as the service runs, whatever the service renews meanwhile", async () => {
    const admin = service.clientOf(await service.member("admin"));
    const { member } = service.owner;
    await admin.call("revokeMember", { params: { member } });
    const kept = readFileSync(join(service.home, "identity.json"), "utf8");
    await admin.call("rotateCa", { body: { sign: "now" } }); // has the service look after the owner's file
    const { cas } = await admin.call("getCaBundle");
    assert.equal(cas.find(({ state }) => state === "issuing")?.generation, 2);
    for (let time = 1; time <= 5; time += 1) {
      await delay(200);
      const { members } = await admin.call("listMembers");
      assert.deepEqual(
        members.filter(({ revokedAtMs }) => revokedAtMs === null).map(({ name }) => name),
        ["admin"],
      );
    }
    assert.equal(readFileSync(join(service.home, "identity.json"), "utf8"), kept);
  });
});
