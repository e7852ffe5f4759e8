import type { Server } from "node:tls";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { HostId } from "../protocol/ids.ts";
import { createAgentInstaller } from "./agents/createAgentInstaller.ts";
import { composeReach } from "./composeReach.ts";
import { isJobEnded } from "../protocol/job.ts";
import { createDispatcher } from "./dispatch/createDispatcher.ts";
import { createLogStore } from "./dispatch/createLogStore.ts";
import { createChanges } from "./fleet/createChanges.ts";
import { createFleet, type Fleet } from "./fleet/createFleet.ts";
import type { HomeLayout } from "./homeLayout.ts";
import { defaultAppLimits, type AppLimits } from "./http/appLimits.ts";
import { composeHttp } from "./http/composeHttp.ts";
import { createPendingUploads } from "./http/createPendingUploads.ts";
import { createLedger, type Ledger } from "./ledger/createLedger.ts";
import { inRounds } from "./ledger/inRounds.ts";
import { verifyLedger } from "./ledger/verifyLedger.ts";
import { keepRollUps } from "./metrics/keepRollUps.ts";
import { createExposition } from "./metrics/createExposition.ts";
import { createMetricsHistory } from "./metrics/createMetricsHistory.ts";
import { newId, newNonce } from "./newId.ts";
import type { CaFiles } from "./pki/caFiles.ts";
import { createAuthority, type Authority } from "./pki/createAuthority.ts";
import { createEnrolment, type Enrolment } from "./pki/createEnrolment.ts";
import { createMembers } from "./pki/createMembers.ts";
import { createRotation, type Rotation } from "./pki/createRotation.ts";
import { createServerTls, serverAddresses } from "./pki/createServerTls.ts";
import { createRefusals } from "./pki/createRefusals.ts";
import { createTokens, tokenTtlMs, type Tokens } from "./pki/createTokens.ts";
import { createJobs } from "./store/createJobs.ts";
import { createCasTable } from "./store/casTable.ts";
import { createHostsTable } from "./store/hostsTable.ts";
import { createMembersTable } from "./store/membersTable.ts";
import { openMetricsFile } from "./store/openMetricsFile.ts";
import { openStore, type Store } from "./store/openStore.ts";
import { createTokensTable } from "./store/tokensTable.ts";

/** What a service is made for. */
export interface ServiceFrame {
  layout: HomeLayout;
  caFiles: CaFiles;
  listenAddress: string;
  log: FastifyBaseLogger;
  now: () => number;
  /** Known once it listens. */
  url: () => string;
  /** Told once an authority signs or is trusted no more. */
  onAuthorityChange: () => void;
  limits: ServiceLimits;
}

/** Limits of a service that tests make smaller. */
export interface ServiceLimits extends AppLimits {
  workspaceBytes: number;
  uploadSilenceMs: number;
  uploadWaitMs: number;
}

export const defaultServiceLimits: ServiceLimits = {
  ...defaultAppLimits,
  workspaceBytes: 512 * 1_048_576,
  uploadSilenceMs: 60_000,
  uploadWaitMs: 60_000,
};

/** A service whose parts are wired together and which does not listen yet. */
export interface ComposedService {
  app: FastifyInstance;
  authority: Authority;
  rotation: Rotation;
  /** Gives the service a fresh certificate where one is due. */
  keepCertificateFresh(): void;
  enrolment: Enrolment;
  tokens: Tokens;
  ledger: Ledger;
  store: Store;
  fleet: Fleet;
  /** Takes up the jobs that were under way when the service last ended. */
  recover(): void;
  stop(): Promise<void>;
}

/** The composition root: every part gets what it needs as arguments. */
export async function composeService(frame: ServiceFrame): Promise<ComposedService> {
  const store = openStore(frame.layout.database);
  try {
    return await composeOn(store, frame);
  } catch (error) {
    store.close();
    throw error;
  }
}

/** What can refuse, the authority and the certificate, comes before what begins to reach hosts. */
async function composeOn(store: Store, frame: ServiceFrame): Promise<ComposedService> {
  const { layout, log, now } = frame;
  const changes = createChanges((error) => log.error({ err: error }, "a listener failed"));
  const ledger = createLedger(store.db, now);
  const memberTable = createMembersTable(store.db);
  const tokenTable = createTokensTable(store.db);
  const onChange = (): void => changes.emit({ kind: "ledger" });
  const authority = createAuthority({
    store,
    cas: createCasTable(store.db),
    files: frame.caFiles,
    ledger,
    now,
    onChange() {
      onChange();
      keepCertificateFresh(true);
      frame.onAuthorityChange();
    },
  });
  const serverTls = createServerTls({
    authority,
    addresses: () => serverAddresses(frame.listenAddress),
    now,
  });
  const keepCertificateFresh = (anew = false): void => {
    if (serverTls.freshen(anew)) serverTls.applyTo(app.server as unknown as Server);
  };
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
  const reach = composeReach(frame, { hosts, changes, store, ledger, jobs });
  const { prober } = reach;
  const fleet = createFleet({
    store,
    hosts,
    ledger,
    changes,
    prober,
    agentOf: (id) => reach.agents.describe(id),
    disconnect(id) {
      reach.agents.disconnect(id);
      reach.pool.disconnect(id);
    },
    takeAcceptedKey: reach.takeAcceptedKey,
    activeJobsOn: (id) => jobs.activeOn(id),
    giveUpJobsOn: (id, actor) => dispatcher.leaveHost(id, actor),
    hostRemoved: (id, actor, afterCommit) => members.hostRemoved(id, actor, afterCommit),
    newHostId: () => newId("h") as HostId,
    now,
  });
  const logs = createLogStore({
    directory: layout.logs,
    isComplete: (id) => isJobEnded(jobs.get(id)?.state ?? "lost"),
  });
  const dispatcher = createDispatcher({
    shells: reach.shells,
    takeStage: (target) => reach.stages.take(target),
    jobs,
    hostOf: (id) => fleet.target(id),
    logs,
    now,
    newNonce,
    log: (message, error) => log.error({ err: error }, message),
  });
  const logFailure = (message: string, error: unknown): void => log.error({ err: error }, message);
  const uploads = createPendingUploads({
    jobs,
    log: logFailure,
    start: (job, spec, archive) => dispatcher.start(job, spec, archive),
    waitMs: frame.limits.uploadWaitMs,
  });
  const hostName = (id: HostId) => fleet.record(id)?.name ?? null;
  const rotation = createRotation({ authority, members: memberTable, now });
  const enrolment = createEnrolment({
    store,
    members: memberTable,
    tokens: tokenTable,
    ledger,
    authority,
    now,
    onChange,
  });
  const tokens = createTokens({
    store,
    tokens: tokenTable,
    members: memberTable,
    ledger,
    caFingerprint: () => authority.issuing().fingerprint,
    url: frame.url,
    hostName,
    now,
    onChange,
  });
  const members = createMembers({
    store,
    members: memberTable,
    tokens: tokenTable,
    ledger,
    hostName,
    now,
    onChange,
    onMemberChange(member) {
      onChange();
      changes.emit({ kind: "member", member });
    },
  });
  const refusals = createRefusals({ store, ledger, onChange, log: logFailure });
  const rollUps = keepRollUps({
    file: openMetricsFile(layout.metrics, logFailure),
    changes,
    hosts: hosts.all().map(({ id }) => id),
    now,
    log: logFailure,
  });
  const { app, endStreams } = await composeHttp({
    authority,
    rotation,
    tls: serverTls.context(),
    url: frame.url,
    limits: frame.limits,
    startedAtMs,
    memberTable,
    members,
    tokens,
    refused: (refused) => refusals.note(refused),
    enrolment,
    fleet,
    changes,
    history: createMetricsHistory(changes),
    rollUps,
    exposition: createExposition(() => ({ hosts: fleet.list(), jobs: jobs.byState() }), startedAtMs),
    jobs,
    ledger,
    verifyLedger: inRounds(() => verifyLedger(store.db)),
    dispatcher,
    uploads,
    logs,
    prompts: reach.prompts,
    installAgent: createAgentInstaller({
      shells: reach.shells,
      agents: reach.agents,
      host: (id) => fleet.get(id),
      newNonce,
      newLink: (hostId, actor) => tokens.create({ role: "agent", hostId }, tokenTtlMs, actor).link,
      url: frame.url,
    }),
    agents: reach.agents,
    watch: (id) => prober.watch(id),
    sshNames: reach.sshNames,
    latest: (id) => prober.latest(id),
    now,
    log,
  });

  serverTls.applyTo(app.server as unknown as Server); // also what joiners are shown
  return {
    app,
    authority,
    rotation,
    keepCertificateFresh,
    enrolment,
    tokens,
    ledger,
    store,
    fleet,
    recover: () => dispatcher.recover(),
    async stop() {
      reach.agents.close();
      endStreams();
      await app.close();
      refusals.close();
      authority.close();
      uploads.stop();
      await dispatcher.stop();
      await prober.stop();
      reach.stages.close();
      reach.pool.close();
      await logs.close();
      rollUps.close();
      store.close();
    },
  };
}
