import { metricValue, type Metric } from "../../../protocol/metric.ts";
import type { GpuReading } from "../../../protocol/reading.ts";
import { unsupportedText } from "../../../protocol/unsupportedText.ts";
import type { Contact } from "../contact.ts";
import type { FleetPlace } from "../fleetPlace.ts";
import { formatAge, formatMemory, formatRate } from "../figures.ts";
import { gpusInOrder } from "../gpusInOrder.ts";
import { gpusOf, hostsInOrder, type FleetState, type KnownHost } from "../fleetState.ts";
import { gpuModel } from "../gpuModel.ts";
import { gpuUse, isFaulty } from "../gpuUse.ts";
import type { FleetSession } from "../openFleetSession.ts";
import { printable } from "../printable.ts";
import { isFresh, readingAgeMs, statusText } from "../statusText.ts";
import type { Heat } from "./heatSchema.ts";
import type { DashboardModel, DashboardRow } from "./dashboardSchema.ts";
import { gpuUseText } from "./gpuUseText.ts";
import { panelBanner } from "./panelBanner.ts";
import type { Figure } from "./panelSchema.ts";
import { panelModelWords } from "../words/panelModelWords.ts";

const say = panelModelWords.dashboard;

/** Everything the dashboard shows of a session; without one, why there is nothing. */
export function dashboardModel(
  session: Pick<FleetSession, "identity" | "fleet" | "contact"> | null | undefined,
  nowMs: number,
  place: FleetPlace = "elsewhere",
  heat: Heat | null = null,
): DashboardModel {
  const banner = panelBanner(session, nowMs, place);
  if (!session?.fleet.isKnown) return { banner, summary: [], rows: [], heat, isStale: false };
  const { fleet, contact } = session;
  return {
    banner,
    summary: summary(fleet, contact),
    rows: hostsInOrder(fleet).flatMap((host) => hostRows(host, contact, nowMs)),
    heat,
    isStale: contact.kind !== "live",
  };
}

/** The fleet's figures; without contact each says that it is no more than the last that is known. */
function summary(fleet: FleetState, contact: Contact): DashboardModel["summary"] {
  const use = gpuUse(fleet);
  const load = use.meanUtilizationPct;
  const unknown = use.unknown === 0 ? "" : say.unknown(use.unknown);
  const figures = [
    { label: say.hostsOnline, text: `${use.onlineHosts}/${use.hosts}`, note: "" },
    { label: say.gpusBusy, text: `${use.busy}/${use.gpus}`, note: unknown },
    { label: say.meanUtilisation, text: load === null ? "–" : `${Math.round(load)} %`, note: "" },
    {
      label: say.rate,
      text: use.microUsdPerHour === null ? "–" : formatRate(use.microUsdPerHour),
      note: use.microUsdPerHour === null ? say.noHostHasOne : say.ofHostsOnline,
    },
  ];
  if (contact.kind === "live") return figures;
  return figures.map((figure) => ({ ...figure, label: say.lastKnown(figure.label) }));
}

function hostRows(host: KnownHost, contact: Contact, nowMs: number): DashboardRow[] {
  const gpus = gpusInOrder(gpusOf(host));
  const note = hostNote(host, contact, nowMs, gpus.length);
  const base = baseRow(host, contact, nowMs);
  return [
    ...(note === null ? [] : [{ ...base, id: `${host.record.id}/note`, note }]),
    ...gpus.map((gpu) => ({ ...base, ...gpuCells(gpu, host), id: `${host.record.id}/${gpu.uuid}` })),
  ];
}

const nothing: Figure = { text: "", value: null, hint: null };

function baseRow(host: KnownHost, contact: Contact, nowMs: number): Omit<DashboardRow, "id"> {
  const { record } = host;
  const fresh = isFresh(host, contact);
  const ageMs = readingAgeMs(host, nowMs);
  const parts = [
    ...(fresh || ageMs === null ? [] : [panelModelWords.ago(formatAge(ageMs))]),
    ...(record.activeJobs > 0 ? [say.jobs(record.activeJobs)] : []),
  ];
  const rate = record.rateMicroUsdPerHour;
  return {
    hostId: record.id,
    host: record.name,
    hostNote: parts.join(" · "),
    gpu: "",
    note: null,
    load: nothing,
    memory: nothing,
    temperature: nothing,
    power: nothing,
    use: { ...nothing, kind: "none" },
    rate:
      rate === null ? missing(panelModelWords.noRate) : { text: formatRate(rate), value: rate, hint: null },
    isStale: !fresh,
  };
}

/** Why a host has no figures, or not all; null when its GPUs say it all. */
function hostNote(host: KnownHost, contact: Contact, nowMs: number, gpus: number): DashboardRow["note"] {
  const { record, reading } = host;
  const { kind } = record.status;
  if (contact.kind === "live" && kind !== "online") {
    const isBad = kind === "unreachable" || kind === "needs-login";
    return { text: printable(statusText(host, contact, nowMs)), tone: isBad ? "warning" : "plain" };
  }
  const problem = reading?.gpuProblem;
  if (problem) {
    const says = gpus > 0 ? say.gpuUnread : say.gpusUnread;
    return { text: says(printable(problem.detail)), tone: "warning" };
  }
  if (gpus > 0) return null;
  return { text: reading === null ? say.noReading : say.noGpu, tone: "plain" };
}

function gpuCells(gpu: GpuReading, host: KnownHost): Partial<DashboardRow> {
  const model = printable(gpuModel(gpu.name));
  const watts = metricValue(gpu.powerLimitW);
  return {
    gpu: gpu.index === null ? model : `${gpu.index}  ${model}`,
    load: figure(gpu.utilizationPct, (pct) => `${Math.round(pct)} %`),
    memory: memoryFigure(gpu),
    temperature: figure(gpu.temperatureC, (celsius) => `${Math.round(celsius)} °C`),
    power: {
      ...figure(gpu.powerW, (power) => `${Math.round(power)} W`),
      ...("value" in gpu.powerW && watts !== null ? { hint: say.limit(Math.round(watts)) } : {}),
    },
    use: isFaulty(gpu)
      ? { kind: "unknown", text: say.faulty, value: 3, hint: say.figuresUnread }
      : gpuUseText(gpu, host.record.activeJobs),
  };
}

function memoryFigure(gpu: GpuReading): Figure {
  if (gpu.memoryKind === "unified")
    return { text: say.unified, value: null, hint: unsupportedText("unified") };
  const text = formatMemory(gpu.memoryUsedBytes, gpu.memoryTotalBytes);
  const used = metricValue(gpu.memoryUsedBytes);
  const total = metricValue(gpu.memoryTotalBytes);
  if (text === null || used === null || total === null || total <= 0)
    return missing(
      whyMissing("unsupported" in gpu.memoryUsedBytes ? gpu.memoryUsedBytes : gpu.memoryTotalBytes),
    );
  return { text, value: (100 * used) / total, hint: say.inUse(Math.round((100 * used) / total)) };
}

/** A metric as a cell. */
function figure(metric: Metric, format: (value: number) => string): Figure {
  return "value" in metric
    ? { text: format(metric.value), value: metric.value, hint: null }
    : missing(whyMissing(metric));
}

function missing(why: string): Figure {
  return { text: "–", value: null, hint: why };
}

function whyMissing(metric: Metric): string {
  return "unsupported" in metric ? unsupportedText(metric.unsupported) : panelModelWords.notKnown;
}
