import { randomBytes } from "node:crypto";
import { homedir, userInfo } from "node:os";
import type { TLSSocket } from "node:tls";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { HostId, JobId, PromptId } from "../protocol/ids.ts";
import { createDispatcher } from "./dispatch/createDispatcher.ts";
import { createLogStore } from "./dispatch/createLogStore.ts";
import { createChanges, type Changes } from "./fleet/createChanges.ts";
import { createFleet, type Fleet } from "./fleet/createFleet.ts";
import type { HomeLayout } from "./homeLayout.ts";
import { createApp } from "./http/createApp.ts";
import { createHandlers } from "./http/createHandlers.ts";
import { createPendingUploads } from "./http/createPendingUploads.ts";
import { registerRoutes } from "./http/registerRoutes.ts";
import { registerStream } from "./http/stream/registerStream.ts";
import { createTopics } from "./http/stream/topics.ts";
import { createLedger, type Ledger } from "./ledger/createLedger.ts";
import { verifyLedger } from "./ledger/verifyLedger.ts";
import { createEnrolment, type Enrolment } from "./pki/createEnrolment.ts";
import type { FleetCa } from "./pki/fleetKeys.ts";
import { identifyPeer } from "./pki/identifyPeer.ts";
import type { KeyedCertificate } from "./pki/x509.ts";
import { createProber } from "./probe/createProber.ts";
import { createPrompts } from "./prompts/createPrompts.ts";
import type { AcceptedKeys } from "./ssh/acceptedKeys.ts";
import { createHostShells } from "./ssh/createHostShells.ts";
import { createLocalShells } from "./ssh/createLocalShells.ts";
import { createSshPool } from "./ssh/createSshPool.ts";
import { runTool } from "./ssh/runTool.ts";
import { createJobs } from "./store/createJobs.ts";
import { createHostsTable, type HostsTable } from "./store/hostsTable.ts";
import { createMembersTable } from "./store/membersTable.ts";
import { openStore, type Store } from "./store/openStore.ts";

/** What a service is made for. */
export interface ServiceFrame {
  layout: HomeLayout;
  ca: FleetCa;
  server: KeyedCertificate;
  log: FastifyBaseLogger;
  now: () => number;
  /** Known once it listens. */
  url: () => string;
  limits: ServiceLimits;
}

/** Limits of a service that tests make smaller. */
export interface ServiceLimits {
  bodyMs: number;
  requestsPerMinute: number;
  workspaceBytes: number;
  uploadSilenceMs: number;
  uploadWaitMs: number;
}

export const defaultServiceLimits: ServiceLimits = {
  bodyMs: 15_000,
  requestsPerMinute: 6_000,
  workspaceBytes: 2 * 1_073_741_824,
  uploadSilenceMs: 60_000,
  uploadWaitMs: 60_000,
};

/** A service whose parts are wired together and which does not listen yet. */
export interface ComposedService {
  app: FastifyInstance;
  enrolment: Enrolment;
  ledger: Ledger;
  store: Store;
  fleet: Fleet;
  /** Takes up the jobs that were under way when the service last ended. */
  recover(): void;
  stop(): Promise<void>;
}

/** The composition root: every part gets what it needs as arguments. */
export async function composeService(frame: ServiceFrame): Promise<ComposedService> {
  const { layout, ca, log, now } = frame;
  const store = openStore(layout.database);
  const changes = createChanges((error) => log.error({ err: error }, "a listener failed"));
  const ledger = createLedger(store.db, now);
  const members = createMembersTable(store.db);
  const hosts = createHostsTable(store.db);
  const jobs = createJobs(
    store,
    (event) => ledger.append(event),
    (job, inLedger) => {
      changes.emit({ kind: "job", job });
      if (inLedger) changes.emit({ kind: "ledger" });
    },
  );
  const startedAtMs = now();
  const reach = composeReach(frame, { hosts, changes, store, ledger });
  const { prober } = reach;
  const fleet = createFleet({
    store,
    hosts,
    ledger,
    changes,
    prober,
    disconnect: (id) => reach.pool.disconnect(id),
    takeAcceptedKey: reach.takeAcceptedKey,
    activeJobsOn: (id) => jobs.activeOn(id),
    newHostId: () => newId("h") as HostId,
    now,
  });
  const logs = createLogStore({
    directory: layout.logs,
    isComplete: (id) => jobs.get(id)?.logComplete ?? true,
  });
  const dispatcher = createDispatcher({
    shells: reach.shells,
    jobs,
    hostOf: (id) => fleet.target(id),
    logs,
    now,
    newNonce: () => randomBytes(8).toString("hex"),
    log: (message, error) => log.error({ err: error }, message),
  });
  const logFailure = (message: string, error: unknown): void => log.error({ err: error }, message);
  const uploads = createPendingUploads({
    jobs,
    log: logFailure,
    start: (job, spec, archive) => dispatcher.start(job, spec, archive),
    waitMs: frame.limits.uploadWaitMs,
  });
  const onChange = (): void => changes.emit({ kind: "ledger" });
  const enrolment = createEnrolment({ store, members, ledger, ca, url: frame.url, now, onChange });
  const identify = (socket: TLSSocket) => identifyPeer(socket, ca.fleetId, members, now());
  const app = await createApp({
    caPem: ca.certificatePem,
    server: frame.server,
    identify,
    log,
    limits: frame.limits,
  });
  const handlers = createHandlers({
    fleetId: ca.fleetId,
    caFingerprint: ca.fingerprint,
    url: frame.url,
    startedAtMs,
    enrolment,
    fleet,
    changes,
    jobs,
    ledger,
    verifyLedger: () => verifyLedger(store.db),
    dispatcher,
    uploads,
    logs,
    prompts: reach.prompts,
    watch: (id) => prober.watch(id),
    now,
    log: logFailure,
  });
  registerRoutes(app, handlers, frame.limits);
  const topics = createTopics({
    changes,
    hosts: () => fleet.list(),
    host: (id) => fleet.record(id),
    watch: (id) => prober.watch(id),
    latest: (id) => prober.latest(id),
    job: (id) => jobs.get(id),
    recentJobs: () => jobs.list(100, null).jobs,
    eventsAfter: (seq) => ledger.after(seq, 1_000),
    newestEvents: () => ledger.newest(100),
    ledgerHead: () => ledger.head().head,
    prompts: () => reach.prompts.list(),
    attend: () => reach.prompts.attend(),
  });
  const endStreams = registerStream(app, {
    fleetId: ca.fleetId,
    topics,
    logs,
    job: (id: JobId) => jobs.get(id),
    now,
    identify,
  });

  return {
    app,
    enrolment,
    ledger,
    store,
    fleet,
    recover: () => dispatcher.recover(),
    async stop() {
      endStreams();
      await app.close();
      uploads.stop();
      await dispatcher.stop();
      await prober.stop();
      reach.pool.close();
      await logs.close();
      store.close();
    },
  };
}

/** The parts that reach hosts: questions to people, connections, probes. */
function composeReach(
  frame: ServiceFrame,
  needs: { hosts: HostsTable; changes: Changes; store: Store; ledger: Ledger },
) {
  const { now, log } = frame;
  const { hosts, changes, store, ledger } = needs;
  const prompts = createPrompts({ now, newId: () => newId("p") as PromptId });
  prompts.onChange(() => changes.emit({ kind: "prompts" }));
  const { accepted, takeAcceptedKey } = acceptedKeys(hosts, store, ledger, changes);
  const machine = {
    home: homedir(),
    userName: userInfo().username,
    platform: process.platform,
    env: process.env,
  };
  const pool = createSshPool({ runTool, machine, prompts, accepted, now });
  const shells = createHostShells({ local: createLocalShells({ machine }), ssh: pool });
  const prober = createProber({
    shells,
    now,
    random: Math.random,
    onReading: (reading) => changes.emit({ kind: "reading", reading }),
    onFailure: (hostId) => changes.emit({ kind: "host", hostId: hostId as HostId }),
    log,
  });
  return { prompts, pool, shells, prober, takeAcceptedKey };
}

/** Keys that people accepted: of known hosts in the database with an event, of hosts being added until they are kept. */
function acceptedKeys(
  hosts: HostsTable,
  store: Store,
  ledger: Ledger,
  changes: Changes,
): { accepted: AcceptedKeys; takeAcceptedKey: (id: HostId) => string | null } {
  const adding = new Map<HostId, string>();
  return {
    accepted: {
      get: (hostId) => hosts.byId(hostId)?.acceptedKey ?? adding.get(hostId) ?? null,
      accept(hostId, fingerprint) {
        if (!hosts.byId(hostId)) return void adding.set(hostId, fingerprint);
        store.transact((afterCommit) => {
          hosts.setAcceptedKey(hostId, fingerprint);
          ledger.append({ type: "host.key-accepted", actor: "service", payload: { hostId, fingerprint } });
          afterCommit(() => changes.emit({ kind: "ledger" }));
        });
      },
    },
    takeAcceptedKey(id) {
      const fingerprint = adding.get(id) ?? null;
      adding.delete(id);
      return fingerprint;
    },
  };
}

function newId(prefix: string): string {
  return `${prefix}-${randomBytes(8).toString("hex")}`;
}
