import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import type { Identity } from "../../protocol/client/identity.ts";
import { openStream } from "../../protocol/client/streamClient.ts";
import { roles, type HostId } from "../../protocol/ids.ts";
import type { EventPayload, LedgerEvent } from "../../protocol/ledger/events.ts";
import { admits } from "../../protocol/route.ts";
import { streamPath, topicAccess, type TopicKind } from "../../protocol/stream.ts";
import { makeCa } from "../../service/pki/x509.ts";
import { userCertificate } from "../support/certificates.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import {
  openHttp2,
  requestHttp1,
  requestHttp2,
  tlsOptions,
  type ShownCertificate,
} from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";
import { codeOf, guarded, pathOf, upgradeStatus } from "./accessFixture.ts";

const dayMs = 86_400_000;

type Refused = EventPayload<"access.refused">;

/** Somebody who asks, and what each request of theirs is answered. */
interface Stranger {
  shown: ShownCertificate | null;
  status: number;
  code: string;
}

describe("the whole table of routes and topics", function () {
  this.timeout(120_000);
  let service: TestService;
  let clockMs = 0;
  const sessions: ClientHttp2Session[] = [];
  const members: Partial<Record<(typeof roles)[number], Identity>> = {};
  let strangers: Record<string, Stranger>;
  /** How often each refusal was answered, by code and by whom it is counted under. */
  const answered = new Map<string, number>();

  before(async () => {
    service = await startTestService({
      now: () => Date.now() + clockMs,
      limits: { failuresPerMinute: 10_000 },
    });
    const at = async (offsetMs: number, make: () => Promise<Identity>): Promise<Identity> => {
      clockMs = offsetMs;
      const made = await make();
      clockMs = 0;
      return made;
    };
    const [host] = (await service.client.call("listHosts")).hosts;
    assert.ok(host);
    members.viewer = await service.member("viewer");
    members.operator = await service.member("operator");
    members.admin = service.owner;
    members.agent = await service.agent(host.id);
    const ownUri = `spiffe://${service.owner.fleetId}/user/${service.owner.member}`;
    const foreign = makeCa(service.owner.fleetId, Date.now());
    const revoked = await service.member("admin");
    await service.client.call("revokeMember", { params: { member: revoked.member } });
    const unauthorized = { status: 401, code: "certificate-refused" };
    strangers = {
      "no certificate": { shown: null, status: 401, code: "no-certificate" },
      "a self-signed certificate with the admin's name": { shown: selfSigned(ownUri), ...unauthorized },
      "a foreign CA's certificate with the admin's name": {
        shown: userCertificate(foreign, ownUri),
        ...unauthorized,
      },
      "a certificate that has run out": {
        shown: await at(-91 * dayMs, () => service.member("admin")),
        status: 401,
        code: "certificate-expired",
      },
      "a certificate that is not valid yet": {
        shown: await at(10 * dayMs, () => service.member("admin")),
        ...unauthorized,
      },
      "a revoked member": { shown: revoked, ...unauthorized },
    };
  });
  after(async () => {
    for (const session of sessions) session.destroy();
    await service.end();
  });

  function count(code: string, from: string): void {
    const key = `${code} ${from}`;
    answered.set(key, (answered.get(key) ?? 0) + 1);
  }

  async function open(shown: ShownCertificate | null): Promise<ClientHttp2Session> {
    const session = await openHttp2(service.port, tlsOptions(service.owner.caPem, shown));
    sessions.push(session);
    return session;
  }

  it("answers strangers of every kind with the right refusal, and nothing else", async () => {
    for (const [who, { shown, status, code }] of Object.entries(strangers)) {
      const session = await open(shown);
      const tls = tlsOptions(service.owner.caPem, shown);
      for (const [name, row] of guarded) {
        const answer = await requestHttp2(session, { ":method": row.method, ":path": pathOf(row) });
        // Who was a member may ask to come back; without a request for a certificate that asks for nothing.
        if (row.lapsed === true && code === "certificate-expired") {
          assert.deepEqual([answer.status, codeOf(answer)], [400, "bad-request"], `${who}: ${name}`);
          continue;
        }
        assert.deepEqual([answer.status, codeOf(answer)], [status, code], `${who}: ${name}`);
        count(code, "127.0.0.1");
      }
      // Also over HTTP/1.1, and where the path cannot be read or leads nowhere.
      for (const path of ["/v1/hosts", "/v1/hosts/%zz", "/v1/nothing"]) {
        const old = await requestHttp1(service.port, tls, { method: "GET", path });
        assert.deepEqual([old.status, codeOf(old)], [status, code], `${who}: ${path}`);
        count(code, "127.0.0.1");
      }
      assert.equal(await upgradeStatus(service, tls), status, `${who}: the stream`);
      count(code, "127.0.0.1");
    }
  });

  for (const role of roles)
    it(`admits ${role} to the rows that name it, and to no other`, async () => {
      const member = members[role];
      assert.ok(member);
      const session = await open(member);
      for (const [name, row] of guarded) {
        if (row.answer === "events" && admits(row.access, role)) continue; // has no end
        const path = role === "agent" ? pathOf(row).replace("some-host", member.member) : pathOf(row);
        const answer = await requestHttp2(session, { ":method": row.method, ":path": path });
        const code = answer.status < 400 ? "" : codeOf(answer);
        if (admits(row.access, role))
          assert.doesNotMatch(code, /^(role-|agent-|no-cert|cert)/, `${role}: ${name}`);
        else {
          assert.deepEqual([answer.status, code], [403, "role-insufficient"], `${role}: ${name}`);
          count(code, member.member);
        }
      }
    });

  it("tells an agent of its own host, and nothing of another", async () => {
    const agent = members.agent;
    assert.ok(agent);
    const session = await open(agent);
    const ask = (id: string) => requestHttp2(session, { ":method": "GET", ":path": `/v1/agents/${id}` });
    assert.equal((await ask(agent.member)).status, 200);
    const other = await ask("h-0123456789abcdef");
    assert.deepEqual([other.status, codeOf(other)], [403, "agent-mismatch"]);
    count("agent-mismatch", agent.member);
  });

  it("admits each role to the topics that name it, and to no other", async () => {
    const [host] = (await service.client.call("listHosts")).hosts;
    const topics: Record<TopicKind, string> = {
      fleet: "fleet",
      ledger: "ledger",
      prompts: "prompts",
      metrics: `metrics:${(host?.id ?? "") as HostId}`,
      job: "job:j-0123456789abcdef",
    };
    for (const role of roles) {
      const member = members[role];
      assert.ok(member);
      if (role === "agent") {
        assert.equal(await upgradeStatus(service, tlsOptions(member.caPem, member)), 403);
        count("role-insufficient", member.member);
        continue;
      }
      for (const [kind, topic] of Object.entries(topics) as [TopicKind, string][]) {
        const code = await subscribe(member, topic);
        const isRefused = code === "role-insufficient";
        assert.equal(!isRefused, topicAccess[kind].includes(role), `${role}: ${topic} ${code}`);
        if (isRefused) count(code, member.member);
      }
    }
  });

  it("has every refusal in the ledger, counted, and few events for them", async () => {
    const first = await refusals();
    for (const key of answered.keys())
      assert.ok(
        first.some(({ code, from, count: one }) => `${code} ${from}` === key && one === 1),
        `${key} was not written at once`,
      );
    await service.stop();
    await service.restart();
    const all = await refusals();
    assert.ok(all.length <= 2 * answered.size, `${all.length} events`);
    const sums = new Map<string, number>();
    for (const { code, from, count: some } of all)
      sums.set(`${code} ${from}`, (sums.get(`${code} ${from}`) ?? 0) + some);
    assert.deepEqual([...sums].sort(), [...answered].sort());
  });

  async function refusals(): Promise<Refused[]> {
    const { events } = await service.clientOf(service.owner).call("listLedger", {
      query: { contains: "access.refused", limit: 1_000 },
    });
    return events.map((event: LedgerEvent) => event.payload as Refused);
  }

  /** The code of the problem that a subscription is answered with; empty when it is served. */
  async function subscribe(member: Identity, topic: string): Promise<string> {
    let said: string | null = null;
    const stream = openStream({ identity: member, client: "test" });
    stream.subscribe(topic, { onData: () => (said ??= ""), onProblem: ({ code }) => (said ??= code) });
    try {
      await until(() => said !== null, `${topic} was answered`);
      return said ?? "";
    } finally {
      stream.close();
    }
  }

  it(`serves ${streamPath} to nobody as a plain request`, async () => {
    const session = await open(service.owner);
    const answer = await requestHttp2(session, { ":method": "GET", ":path": streamPath });
    assert.deepEqual([answer.status, codeOf(answer)], [400, "bad-request"]);
  });
});

function selfSigned(uri: string): ShownCertificate {
  const own = makeCa("self", Date.now());
  return userCertificate(own, uri);
}
