import type { TLSSocket } from "node:tls";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { HostReading } from "../../protocol/reading.ts";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { FleetCa } from "../pki/fleetKeys.ts";
import { identifyPeer } from "../pki/identifyPeer.ts";
import type { KeyedCertificate } from "../pki/x509.ts";
import type { MembersTable } from "../store/membersTable.ts";
import type { AppLimits } from "./appLimits.ts";
import { createApp } from "./createApp.ts";
import { createHandlers, type HandlerNeeds } from "./createHandlers.ts";
import { registerRoutes, type RouteLimits } from "./registerRoutes.ts";
import { registerStream } from "./stream/registerStream.ts";
import { createTopics } from "./stream/topics.ts";

/** What stands behind the routes and the stream. */
export interface HttpNeeds extends Omit<HandlerNeeds, "fleetId" | "caFingerprint" | "prompts" | "log"> {
  ca: FleetCa;
  server: KeyedCertificate;
  members: MembersTable;
  prompts: HandlerNeeds["prompts"] & { attend(): () => void };
  latest: (id: HostId) => HostReading | null;
  limits: AppLimits & RouteLimits;
  log: FastifyBaseLogger;
}

/** The HTTP server with every route and the stream; it does not listen yet. */
export async function composeHttp(
  needs: HttpNeeds,
): Promise<{ app: FastifyInstance; endStreams: () => void }> {
  const { ca, changes, fleet, jobs, ledger, logs, prompts, watch, now, log } = needs;
  const identify = (socket: TLSSocket) => identifyPeer(socket, ca.fleetId, needs.members, now());
  const app = await createApp({ ...needs, caPem: ca.certificatePem, identify });
  const logFailure = (message: string, error: unknown): void => log.error({ err: error }, message);
  const fleetFacts = { fleetId: ca.fleetId, caFingerprint: ca.fingerprint };
  registerRoutes(app, createHandlers({ ...needs, ...fleetFacts, log: logFailure }), needs.limits);
  const topics = createTopics({
    changes,
    hosts: () => fleet.list(),
    host: (id) => fleet.record(id),
    watch,
    latest: needs.latest,
    job: (id) => jobs.get(id),
    recentJobs: () => jobs.list(100, null).jobs,
    eventsAfter: (seq) => ledger.after(seq, 1_000),
    newestEvents: () => ledger.newest(100),
    ledgerHead: () => ledger.head().head,
    prompts: () => prompts.list(),
    attend: () => prompts.attend(),
  });
  const job = (id: JobId) => jobs.get(id);
  const endStreams = registerStream(app, { fleetId: ca.fleetId, topics, logs, job, now, identify });
  return { app, endStreams };
}
