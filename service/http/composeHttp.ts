import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { HostReading } from "../../protocol/reading.ts";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { Agents } from "../agents/createAgents.ts";
import type { Authority } from "../pki/createAuthority.ts";
import { tokenHash } from "../pki/createTokens.ts";
import { identifyPeer, type Peer } from "../pki/identifyPeer.ts";
import type { MembersTable } from "../store/membersTable.ts";
import type { RefusedAccess } from "../pki/createRefusals.ts";
import type { AppLimits } from "./appLimits.ts";
import { createApp } from "./createApp.ts";
import { createConnections } from "./createConnections.ts";
import { createHandlers, type HandlerNeeds } from "./createHandlers.ts";
import { registerRoutes, type RouteLimits } from "./registerRoutes.ts";
import { registerAgents } from "./registerAgents.ts";
import { registerStream } from "./stream/registerStream.ts";
import { createTopics } from "./stream/topics.ts";

/** What stands behind the routes and the stream. */
export interface HttpNeeds extends Omit<HandlerNeeds, "fleetId" | "caFingerprint" | "prompts" | "log"> {
  authority: Pick<Authority, "fleetId" | "issuing">;
  tls: SecureContextOptions;
  memberTable: Pick<MembersTable, "certificate" | "member" | "memberOfBundleToken">;
  refused: (refused: RefusedAccess) => void;
  prompts: HandlerNeeds["prompts"] & { attend(): () => void };
  agents: Pick<Agents, "accept">;
  latest: (id: HostId) => HostReading | null;
  limits: AppLimits & RouteLimits;
  log: FastifyBaseLogger;
}

const recheckMs = 15_000;

/** The HTTP server with every route and the stream; it does not listen yet. */
export async function composeHttp(
  needs: HttpNeeds,
): Promise<{ app: FastifyInstance; endStreams: () => void }> {
  const { authority, changes, fleet, jobs, ledger, logs, prompts, watch, now, log } = needs;
  const logFailure = (message: string, error: unknown): void => log.error({ err: error }, message);
  const connections = createConnections();
  const { fleetId } = authority;
  const identify = (socket: TLSSocket, alsoLapsed = false) => {
    const peer = identifyPeer(socket, fleetId, needs.memberTable, now(), alsoLapsed);
    connections.note(peer.member, socket);
    noteSeen(peer.member);
    return peer;
  };
  const noteSeen = (member: string): void => {
    try {
      needs.members.seen(member);
    } catch (error) {
      logFailure(`it could not be written down that ${member} was here`, error); // a full disk keeps nobody out
    }
  };
  changes.listen((change) => {
    if (change.kind === "member") connections.endAll(change.member);
  });
  const { refused } = needs;
  const isWelcome = (socket: TLSSocket): boolean => {
    try {
      identifyPeer(socket, fleetId, needs.memberTable, now());
      return true;
    } catch {
      return false;
    }
  };
  // A certificate runs out without anything happening, perhaps in the middle of an answer that has no end.
  const rechecks = setInterval(() => connections.recheck(isWelcome), recheckMs);
  rechecks.unref();
  const memberOfToken = (token: string): Peer | null => {
    const member = needs.memberTable.memberOfBundleToken(tokenHash(token));
    if (member === null || member.revoked) return null;
    noteSeen(member.name);
    return { member: member.name, role: member.role, certificateSha256: "", proof: "bundle-token" };
  };
  const app = await createApp({ ...needs, identify, memberOfToken });
  app.addHook("onClose", (_app, done) => {
    clearInterval(rechecks);
    done();
  });
  const fleetFacts = { fleetId, caFingerprint: () => authority.issuing().fingerprint };
  registerRoutes(app, createHandlers({ ...needs, ...fleetFacts, log: logFailure }), needs.limits);
  const topics = createTopics({
    changes,
    hosts: () => fleet.list(),
    host: (id) => fleet.record(id),
    watch,
    latest: needs.latest,
    job: (id) => jobs.get(id),
    recentJobs: () => jobs.recent(100),
    eventsAfter: (seq) => ledger.after(seq, 1_000),
    newestEvents: () => ledger.newest(100),
    ledgerHead: () => ledger.head().head,
    prompts: () => prompts.list(),
    attend: () => prompts.attend(),
  });
  registerAgents(app, {
    agents: needs.agents,
    hostName: (id) => fleet.record(id)?.name ?? null,
    identify,
    connections,
  });
  const job = (id: JobId) => jobs.get(id);
  const endStreams = registerStream(app, {
    fleetId,
    topics,
    logs,
    job,
    now,
    identify,
    connections,
    refused,
  });
  return { app, endStreams };
}
