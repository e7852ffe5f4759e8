import { formatDuration } from "../../../protocol/duration.ts";
import type { HostMetrics } from "../../../protocol/hostMetrics.ts";
import type { HostId, JobId } from "../../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../../protocol/job.ts";
import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import { formatAge, formatRate } from "../figures.ts";
import type { FleetPlace } from "../fleetPlace.ts";
import type { FleetState, KnownHost } from "../fleetState.ts";
import { gpuModel } from "../gpuModel.ts";
import { jobLabel, jobOutcomeText, jobTone, memberOf } from "../jobText.ts";
import type { FleetSession } from "../openFleetSession.ts";
import { printable } from "../printable.ts";
import { isFresh } from "../statusText.ts";
import { eventLines, hostEvents } from "./hostEvents.ts";
import { hostPanelHost } from "./hostPanelHost.ts";
import type { ChartMinutes, FleetHost, HostPanelHost, HostPanelModel } from "./hostSchema.ts";
import { formatUsd, jobCostFigure, jobCostMicroUsd } from "./jobCost.ts";
import { panelBanner } from "./panelBanner.ts";
import type { Banner } from "./panelSchema.ts";
import { withGaps } from "./withGaps.ts";
import { panelModelWords } from "../words/panelModelWords.ts";

const say = panelModelWords.host;

/** The most jobs that a panel lists. */
const shownJobs = 20;

/** What a host's panel is made of beside the session. */
export interface HostPanelFacts extends FleetHost {
  /** Whether this editor belongs to that fleet. */
  isMember: boolean;
  minutes: ChartMinutes;
  metrics: HostMetrics;
  /** What the metrics are of where they are of a longer span. */
  past?: HostPanelModel["past"];
  /** Events that may tell of this host, in any order; null: not read yet. */
  events: readonly LedgerEvent[] | null;
}

/** Everything a host's panel shows, up to now. The session may be with another fleet than the host's. */
export function hostPanelModel(
  session: Pick<FleetSession, "identity" | "fleet" | "contact"> | null | undefined,
  { fleetId, isMember, hostId, minutes, metrics, past = null, events }: HostPanelFacts,
  nowMs: number,
  place: FleetPlace = "elsewhere",
): Omit<HostPanelModel, "charted"> {
  const isShown = !session || session.identity.fleetId === fleetId;
  const host = isShown ? session?.fleet.hosts.get(hostId) : undefined;
  const banner = isShown ? bannerOf(session, host, nowMs, place) : isMember ? otherFleet : leftFleet;
  const base = { fleetId, hostId, minutes, metrics: withGaps(metrics, past?.stepS), past, banner };
  if (!session || !host)
    return { ...base, host: null, cost: { rate: "", jobs: "" }, jobs: [], events: null, isStale: true };
  const { fleet, contact } = session;
  const jobs = jobsOn(fleet, hostId);
  const rate = host.record.rateMicroUsdPerHour;
  return {
    ...base,
    host: withFormerGpus(hostPanelHost(host, contact, nowMs), past === null ? [] : metrics.gpus),
    cost: costText(jobs, rate, nowMs),
    jobs: jobs.slice(0, shownJobs).map((job) => jobLine(job, rate, nowMs)),
    events:
      events &&
      eventLines(
        hostEvents(events, { hostId, name: host.record.name, jobIds: jobIdsOn(fleet, hostId) }),
        fleet,
        nowMs,
      ),
    isStale: !isFresh(host, contact),
  };
}

/** The host with the GPUs that it had once and has no more. */
function withFormerGpus(host: HostPanelHost, read: HostMetrics["gpus"]): HostPanelHost {
  const former = read.filter(({ uuid }) => !host.gpus.some((gpu) => gpu.uuid === uuid));
  const none = { text: "–", value: null, hint: say.notNow, top: null };
  return {
    ...host,
    gpus: [
      ...host.gpus,
      ...former.map(({ uuid, name }) => ({
        uuid,
        title: printable(gpuModel(name)),
        use: say.notNow,
        load: { ...none, top: 100 },
        memory: none,
        temperature: { ...none, top: 100 },
        power: none,
      })),
    ],
  };
}

/** The ids of the jobs that are known to be on a host. */
export function jobIdsOn(fleet: FleetState, hostId: HostId): Set<JobId> {
  return new Set(jobsOn(fleet, hostId).map(({ id }) => id));
}

const otherFleet: Banner = {
  tone: "info",
  text: say.otherFleet,
  actions: [{ label: say.switchFleet, run: "switchFleet" }],
};

const leftFleet: Banner = { tone: "info", text: say.leftFleet, actions: [] };

function bannerOf(
  session: Pick<FleetSession, "identity" | "fleet" | "contact"> | null | undefined,
  host: KnownHost | undefined,
  nowMs: number,
  place: FleetPlace,
): Banner | null {
  const banner = panelBanner(session, nowMs, place);
  if (host || !session?.fleet.isKnown || banner?.tone === "warning") return banner;
  return { tone: "warning", text: say.gone, actions: [] };
}

function jobsOn(fleet: FleetState, hostId: HostId): JobRecord[] {
  return [...fleet.jobs.values()]
    .filter((job) => job.hostId === hostId)
    .sort(
      (a, b) =>
        Number(isJobEnded(a.state)) - Number(isJobEnded(b.state)) ||
        b.createdAtMs - a.createdAtMs ||
        b.id.localeCompare(a.id),
    );
}

function costText(jobs: readonly JobRecord[], rate: number | null, nowMs: number): HostPanelModel["cost"] {
  const shown = jobs.slice(0, shownJobs);
  if (rate === null) return { rate: panelModelWords.noRate, jobs: shown.length === 0 ? "" : say.unknownCost };
  const sum = shown.reduce((total, job) => total + (jobCostMicroUsd(job, rate, nowMs) ?? 0), 0);
  return {
    rate: formatRate(rate),
    jobs: shown.length === 0 ? "" : say.cost(formatUsd(sum), shown.length),
  };
}

function jobLine(job: JobRecord, rate: number | null, nowMs: number): HostPanelModel["jobs"][number] {
  const { startedAtMs } = job;
  const runs = !isJobEnded(job.state) && startedAtMs !== null;
  const outcome =
    jobOutcomeText(job) + (runs ? say.forTime(formatDuration(coarse(nowMs - startedAtMs))) : "");
  return {
    id: job.id,
    label: printable(jobLabel(job)),
    outcome: printable(outcome),
    tone: jobTone(job),
    by: printable(memberOf(job.createdBy)),
    when: panelModelWords.ago(formatAge(nowMs - job.createdAtMs)),
    cost: jobCostFigure(job, rate, nowMs),
  };
}

/** A running time that does not change with every reading. */
function coarse(ms: number): number {
  const step = ms < 60_000 ? 1_000 : 10_000;
  return Math.floor(Math.max(0, ms) / step) * step;
}
