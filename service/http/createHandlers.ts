import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { HostRecord } from "../../protocol/host.ts";
import type { HostId, JobId, PromptId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord, type JobSpec } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { Prompt } from "../../protocol/prompt.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import { programVersion, protocolVersion } from "../../protocol/version.ts";
import { choosePlacement } from "../domain/choosePlacement.ts";
import { canCancel } from "../domain/decideJob.ts";
import type { Changes } from "../fleet/createChanges.ts";
import type { Fleet } from "../fleet/createFleet.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { RollUps } from "../metrics/createRollUps.ts";
import type { MetricsHistory } from "../metrics/createMetricsHistory.ts";
import type { Enrolment } from "../pki/createEnrolment.ts";
import type { Members } from "../pki/createMembers.ts";
import type { Rotation } from "../pki/createRotation.ts";
import { tokenTtlMs, type TokenPurpose, type Tokens } from "../pki/createTokens.ts";
import type { JobsTable } from "../store/createJobs.ts";
import type { PendingUploads } from "./createPendingUploads.ts";
import { openApiDocument } from "./openApi.ts";
import type { Handlers, RawAnswer, RequestContext } from "./requestContext.ts";
import { hostMetrics } from "./hostMetrics.ts";
import { metricsEvents } from "./metricsEvents.ts";
import { refuseWithoutLog } from "./refuseWithoutLog.ts";

/** What the handlers work with. */
export interface HandlerNeeds {
  fleetId: string;
  caFingerprint: () => string;
  url: () => string;
  startedAtMs: number;
  enrolment: Enrolment;
  members: Members;
  tokens: Tokens;
  rotation: Rotation;
  fleet: Fleet;
  changes: Changes;
  history: MetricsHistory;
  rollUps: Pick<RollUps, "between">;
  /** The fleet as it is, for Prometheus. */
  exposition: () => RawAnswer;
  jobs: JobsTable;
  ledger: Ledger;
  verifyLedger: () => Promise<RouteAnswer<"verifyLedger">>;
  dispatcher: {
    start(job: JobRecord, spec: JobSpec, archive: Readable): Promise<JobRecord>;
    cancel(job: JobRecord, by: string): Promise<void>;
  };
  installAgent: (id: HostId, actor: string, signal: AbortSignal) => Promise<RouteAnswer<"installAgent">>;
  uploads: PendingUploads;
  logs: {
    read(id: JobId, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
    follow(id: JobId, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
    size(id: JobId): number;
  };
  prompts: { list(): Prompt[]; answer(id: PromptId, value: string | null): boolean };
  watch: (id: HostId) => () => void;
  sshNames: () => RouteAnswer<"listSshNames">["names"];
  /** Most bytes of an archive. */
  limits: { workspaceBytes: number };
  now: () => number;
  log: (message: string, error: unknown) => void;
}

/** One handler for each route of the table. */
export function createHandlers(needs: HandlerNeeds): Handlers {
  const { fleet, jobs, ledger, enrolment, members, rotation, tokens } = needs;
  return {
    join: ({ body }) => enrolment.join(body),
    getStatus: ({ peer }) => statusOf(needs, peer),
    renew: ({ peer, body }) =>
      peer?.proof === "lapsed-certificate"
        ? enrolment.comeBack(peer.member, body.csrPem)
        : enrolment.renew(peer?.member ?? "", body.csrPem),
    getCaBundle: ({ peer, query }) => {
      // Only a certificate in force proves who says it: a token is easily passed on.
      if (peer?.proof === "certificate" && query.trusts) members.trusts(peer.member, query.trusts.split(","));
      rotation.advance().catch((error: unknown) => needs.log("a step of a rotation failed", error));
      return rotation.bundle();
    },
    rotateCa: async ({ body, actor }) => {
      await rotation.begin(actor, body);
      return rotation.bundle();
    },
    approveMember: ({ params, body, actor }) => members.approve(params.member, body.code, actor),
    getAgentHost: ({ params }) => fleet.get(params.host),
    listMembers: () => ({ members: members.list() }),
    changeMember: ({ params, body, actor }) => members.changeRole(params.member, body.role, actor),
    revokeMember: ({ params, actor }) => members.revoke(params.member, actor),
    listTokens: () => ({ tokens: tokens.list() }),
    createToken: ({ body, actor }) => tokens.create(purposeOf(fleet, body), body.ttlMs ?? tokenTtlMs, actor),
    revokeToken: ({ params, actor }) => tokens.revoke(params.token, actor),
    listHosts: () => ({ hosts: fleet.list() }),
    addHost: ({ body, actor, signal }) => fleet.add(body, actor, signal),
    listSshNames: () => ({ names: needs.sshNames() }),
    getHost: ({ params }) => fleet.get(params.host),
    getHostMetrics: ({ params, query }) => hostMetrics(needs, fleet.get(params.host).id, query),
    changeHost: ({ params, body, actor }) => fleet.change(params.host, body, actor),
    loginHost: ({ params, actor, signal }) => fleet.login(params.host, actor, signal),
    installAgent: ({ params, actor, signal }) => needs.installAgent(fleet.get(params.host).id, actor, signal),
    removeHost: ({ params, query, actor }) => fleet.remove(params.host, query.force === "1", actor),
    createJob: (context) => createJob(needs, context),
    uploadWorkspace: ({ params, body }) => needs.uploads.take(jobOf(needs, params.job), body),
    listJobs: ({ query }) => {
      if (query.cursor !== undefined && !/^\d{1,15}$/.test(query.cursor))
        throw new Refusal("bad-request", { reason: "The cursor is none of this service's." });
      const before = query.cursor === undefined ? null : Number(query.cursor);
      const page = jobs.list(query.limit, before);
      return { jobs: page.jobs, nextCursor: page.nextBefore === null ? null : String(page.nextBefore) };
    },
    getJob: ({ params }) => jobOf(needs, params.job),
    getJobLog: (context) => jobLog(needs, context),
    cancelJob: ({ params, actor }) => cancelJob(needs, params.job, actor),
    listLedger: ({ query }) => {
      const events = ledger.page(query);
      const { head, events: total } = ledger.head();
      return { events, head, total };
    },
    verifyLedger: () => needs.verifyLedger(),
    listPrompts: () => ({ prompts: needs.prompts.list() }),
    answerPrompt: ({ params, body }) => {
      if (!needs.prompts.answer(params.prompt, body.answer))
        throw new Refusal("prompt-not-found", { prompt: params.prompt });
      return { accepted: true };
    },
    streamMetrics: ({ query, signal }) => {
      const hosts = query.host === undefined ? fleet.list() : [fleet.get(query.host)];
      return {
        contentType: "text/event-stream",
        body: metricsEvents(needs, { hosts, all: query.host === undefined }, signal),
      };
    },
    getMetrics: () => needs.exposition(),
    getOpenApi: () => openApiDocument(),
  };
}

function statusOf(needs: HandlerNeeds, peer: RequestContext<"getStatus">["peer"]): RouteAnswer<"getStatus"> {
  if (peer === null) throw new Refusal("no-certificate");
  return {
    fleetId: needs.fleetId,
    url: needs.url(),
    caFingerprint: needs.caFingerprint(),
    version: programVersion,
    protocol: protocolVersion,
    startedAtMs: needs.startedAtMs,
    member: peer.member,
    role: peer.role,
    hosts: needs.fleet.list().length,
    activeJobs: needs.jobs.active().length,
    ledger: needs.ledger.head(),
  };
}

function jobOf(needs: HandlerNeeds, id: JobId): JobRecord {
  const job = needs.jobs.get(id);
  if (!job) throw new Refusal("job-not-found", { job: id });
  return job;
}

function createJob(needs: HandlerNeeds, context: RequestContext<"createJob">): JobRecord {
  const { body, actor, idempotencyKey } = context;
  const requestSha256 = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  if (idempotencyKey !== null) {
    const earlier = needs.jobs.byKey(actor, idempotencyKey);
    if (earlier && earlier.requestSha256 !== requestSha256)
      throw new Refusal("idempotency-mismatch", { key: idempotencyKey });
    if (earlier) return earlier.job;
  }
  const { workspace } = body;
  const { workspaceBytes: limitBytes } = needs.limits;
  const bytes = workspace.kind === "upload" ? (workspace.bytes ?? 0) : 0;
  if (bytes > limitBytes) throw new Refusal("workspace-too-large", { bytes, limitBytes });
  const host = choosePlacement(needs.fleet.list(), body.host);
  const spec = specFor(body.spec, host);
  const created = needs.jobs.create(
    newJob(spec, host, actor, needs.now()),
    idempotencyKey === null ? null : { key: idempotencyKey, requestSha256 },
  );
  if (workspace.kind === "upload") needs.uploads.expect(created, spec);
  else {
    const archive = Readable.from([Buffer.from(workspace.tarBase64, "base64")]);
    inBackground(needs, created, needs.dispatcher.start(created, spec, archive));
  }
  return created;
}

/** What goes on after the answer: its failures are the service's to know. */
function inBackground(needs: HandlerNeeds, job: JobRecord, work: Promise<unknown>): void {
  work.catch((error: unknown) => needs.log(`job ${job.id} could not be carried on`, error));
}

/** The host's own interpreter stands in for "any Python" unless the dispatch named one. */
function specFor(spec: JobSpec, host: HostRecord): JobSpec {
  if (host.python === null || spec.launch.kind !== "named" || spec.launch.language !== "Python") return spec;
  return { ...spec, launch: { kind: "path", path: host.python, flags: spec.launch.flags } };
}

function newJob(spec: JobSpec, host: HostRecord, createdBy: string, nowMs: number): JobRecord {
  return {
    id: `j-${randomBytes(8).toString("hex")}` as JobId,
    state: "queued",
    hostId: host.id,
    host: host.name,
    script: spec.script,
    args: spec.args,
    envNames: Object.keys(spec.env),
    interpreter: null,
    directory: null,
    timeoutMs: spec.timeoutMs,
    createdBy,
    createdAtMs: nowMs,
    startedAtMs: null,
    endedAtMs: null,
    exitCode: null,
    cause: null,
    logBytes: 0,
    logComplete: false,
    logSha256: null,
    archiveBytes: 0,
    cancelRequestedBy: null,
    contact: { kind: "ok" },
    revision: 1,
  };
}

function jobLog(needs: HandlerNeeds, { params, query, signal }: RequestContext<"getJobLog">): RawAnswer {
  const job = jobOf(needs, params.job);
  const bytes = needs.logs.size(job.id);
  refuseWithoutLog(job, bytes);
  if (isJobEnded(job.state) && query.offset > bytes)
    throw new Refusal("offset-beyond-log", { offset: query.offset, bytes });
  const { logs } = needs;
  const body =
    query.follow === "1"
      ? logs.follow(job.id, query.offset, signal)
      : logs.read(job.id, query.offset, signal);
  return { contentType: "application/octet-stream", body };
}

/** Whom a link is for; the row of the table has checked that exactly one is named. */
function purposeOf(
  fleet: Fleet,
  { role, host, member }: RequestContext<"createToken">["body"],
): TokenPurpose {
  if (member !== undefined) return { member };
  if (role === "agent") return { role, hostId: fleet.get(host ?? "").id };
  return { role: role ?? "viewer" };
}

function cancelJob(needs: HandlerNeeds, id: JobId, actor: string): JobRecord {
  const job = jobOf(needs, id);
  if (!canCancel(job)) throw new Refusal("job-ended", { job: id, state: job.state });
  const requested = job.cancelRequestedBy === null ? needs.jobs.requestCancel(id, actor) : job;
  needs.uploads.cancel(requested);
  inBackground(needs, requested, needs.dispatcher.cancel(requested, actor));
  return requested;
}
