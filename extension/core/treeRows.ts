import type { GpuReading } from "../../protocol/reading.ts";
import { metricValue, type Metric } from "../../protocol/metric.ts";
import type { Contact } from "./contact.ts";
import { formatAge, formatMemoryShort, formatMemoryWords, formatRate } from "./figures.ts";
import { gpuModel, gpuModelBesideMemory } from "./gpuModel.ts";
import { gpusInOrder } from "./gpusInOrder.ts";
import { gpusOf, hostsInOrder, type FleetState, type KnownHost } from "./fleetState.ts";
import { isFaulty } from "./gpuUse.ts";
import { hostGroup, type HostGroup } from "./hostGroups.ts";
import { matchesFilter } from "./matchesFilter.ts";
import { gpuRowId, jobNamesOf, jobNamesOn, processRows, type JobNames } from "./processRows.ts";
import type { HostGrouping } from "./settings.ts";
import { countedGpus } from "../../protocol/countedGpus.ts";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import { isFresh, readingAgeMs, statusText } from "./statusText.ts";
import type { RowIcon, TreeRow } from "./treeRow.ts";
import { hostWords } from "./words/hostWords.ts";

const say = hostWords.row;

/** Hosts with more GPUs than this start folded. */
const unfoldedGpus = 4;
const grey = "disabledForeground";

/** How the person wants the Hosts view. */
export interface TreeShape {
  groupBy: HostGrouping;
  /** Words that a host must have; empty: all hosts. */
  filter: string;
}

/** All rows of the Hosts view, parents before their children. */
export function treeRows(
  fleet: FleetState,
  contact: Contact,
  nowMs: number,
  { groupBy, filter }: TreeShape = { groupBy: "none", filter: "" },
): TreeRow[] {
  const jobNames = jobNamesOf(fleet);
  const rowsOf = (host: KnownHost, parentId: string | null): readonly TreeRow[] =>
    hostRows(host, contact, nowMs, parentId, jobNames);
  const hosts = hostsInOrder(fleet).filter((host) => matchesFilter(host, contact, nowMs, filter));
  if (groupBy === "none") return hosts.flatMap((host) => rowsOf(host, null));
  const groups = new Map<string, { group: HostGroup; hosts: KnownHost[] }>();
  for (const host of hosts) {
    const group = hostGroup(host, contact, groupBy);
    if (group === null) continue;
    const known = groups.get(group.key) ?? { group, hosts: [] };
    groups.set(group.key, { group, hosts: [...known.hosts, host] });
  }
  return [...groups.values()]
    .sort((a, b) => a.group.rank - b.group.rank)
    .flatMap(({ group, hosts: members }) => [
      groupRow(group, members.length),
      ...members.flatMap((host) => rowsOf(host, groupRowId(group))),
    ]);
}

/** The rows of hosts whose figures are fresh: they stay as they are until there is another `KnownHost`, or a job is named. */
const freshRows = new WeakMap<KnownHost, { rows: readonly TreeRow[]; jobs: string }>();

function hostRows(
  host: KnownHost,
  contact: Contact,
  nowMs: number,
  parentId: string | null,
  jobNames: JobNames,
): readonly TreeRow[] {
  if (!isFresh(host, contact)) return newRows(host, contact, nowMs, parentId, jobNames);
  const known = freshRows.get(host);
  const jobs = jobNamesOn(host, jobNames);
  if (known !== undefined && known.rows[0]?.parentId === parentId && known.jobs === jobs) return known.rows;
  const rows = newRows(host, contact, nowMs, parentId, jobNames);
  freshRows.set(host, { rows, jobs });
  return rows;
}

function newRows(
  host: KnownHost,
  contact: Contact,
  nowMs: number,
  parentId: string | null,
  jobNames: JobNames,
): TreeRow[] {
  return [
    { ...hostRow(host, contact, nowMs), parentId },
    ...noteRows(host, contact),
    ...gpusInOrder(gpusOf(host)).flatMap((gpu) => [
      gpuRow(host, gpu, contact, nowMs),
      ...processRows(host, gpu, isFresh(host, contact), jobNames),
    ]),
  ];
}

function groupRowId({ key }: HostGroup): string {
  return `group:${key}`;
}

function groupRow(group: HostGroup, count: number): TreeRow {
  return {
    id: groupRowId(group),
    parentId: null,
    kind: "group",
    hostId: null,
    label: group.label,
    description: String(count),
    icon: null,
    isStale: false,
    contextValue: "hwledger.group",
    accessibilityLabel: say.groupSpoken(group.label, count),
    fold: "open",
  };
}

/** How a host stands, what is free there, what it costs and how many jobs of ours it has. */
export function hostParts(host: KnownHost, contact: Contact, nowMs: number): string[] {
  const { record } = host;
  const parts = [statusText(host, contact, nowMs)];
  if (isFresh(host, contact)) parts.push(gpuCountText(host));
  if (record.rateMicroUsdPerHour !== null) parts.push(formatRate(record.rateMicroUsdPerHour));
  if (record.activeJobs > 0) parts.push(say.jobs(record.activeJobs));
  return parts;
}

function hostRow(host: KnownHost, contact: Contact, nowMs: number): TreeRow {
  const { record } = host;
  const parts = hostParts(host, contact, nowMs);
  const gpus = gpusOf(host).length;
  const children = gpus + noteRows(host, contact).length;
  return {
    id: record.id,
    parentId: null,
    kind: "host",
    hostId: record.id,
    label: record.name,
    description: parts.join(" · "),
    icon: hostIcon(host, contact),
    isStale: !isFresh(host, contact),
    contextValue: `hwledger.host.${record.status.kind}`,
    accessibilityLabel: say.spoken(record.name, parts.join(", ")),
    fold: children === 0 ? "leaf" : gpus > unfoldedGpus ? "closed" : "open",
  };
}

function gpuCountText(host: KnownHost): string {
  const gpus = gpusOf(host);
  if (gpus.length > 0) return say.free(freeGpuCount(gpus, host.record), countedGpus(gpus).length);
  if (host.reading?.gpuProblem) return say.gpusUnknown;
  return host.reading === null ? say.noReading : say.noGpu;
}

function hostIcon(host: KnownHost, contact: Contact): RowIcon {
  if (contact.kind !== "live") return { codicon: "vm-outline", color: grey };
  switch (host.record.status.kind) {
    case "online":
      return { codicon: "vm", color: "charts.green" };
    case "late":
      return { codicon: "vm-pending", color: "charts.yellow" };
    case "offline":
    case "never":
      return { codicon: "vm-outline", color: grey };
    case "unreachable":
      return { codicon: "warning", color: "list.warningForeground" };
    case "needs-login":
      return { codicon: "key", color: "list.warningForeground" };
  }
}

function noteRows(host: KnownHost, contact: Contact): TreeRow[] {
  const problem = host.reading?.gpuProblem;
  if (!problem) return [];
  const fresh = isFresh(host, contact);
  const label = gpusOf(host).length > 0 ? say.gpuUnread : say.gpusUnread;
  return [
    {
      id: `${host.record.id}/gpu-problem`,
      parentId: host.record.id,
      kind: "note",
      hostId: host.record.id,
      label,
      description: oneLine(problem.detail),
      icon: { codicon: "warning", color: fresh ? "list.warningForeground" : grey },
      isStale: !fresh,
      contextValue: "hwledger.note",
      accessibilityLabel: `${host.record.name}: ${label}: ${oneLine(problem.detail)}`,
      fold: "leaf",
    },
  ];
}

function gpuRow(host: KnownHost, gpu: GpuReading, contact: Contact, nowMs: number): TreeRow {
  const fresh = isFresh(host, contact);
  const ageMs = readingAgeMs(host, nowMs);
  const saysMemory = !isFaulty(gpu) && memoryText(gpu) !== null;
  const model = (saysMemory ? gpuModelBesideMemory : gpuModel)(gpu.name);
  const label = gpu.index === null ? model : say.gpu(gpu.index);
  // What changes comes first: the side bar cuts off the end.
  const figures = [gpuFigures(gpu, fresh), ...(gpu.index === null ? [] : [model])].join(" · ");
  const age = fresh || ageMs === null ? [] : [hostWords.ago(formatAge(ageMs))];
  const state = isFaulty(gpu) ? say.faulty : gpu.occupancy.kind;
  const named = gpu.index === null ? [label] : [label, gpuModel(gpu.name)];
  const stands = fresh ? [state] : [say.notFresh, ...age];
  return {
    id: gpuRowId(host, gpu),
    parentId: host.record.id,
    kind: "gpu",
    hostId: host.record.id,
    label,
    description: [...age, figures].join(": "),
    icon: gpuIcon(gpu, fresh),
    isStale: !fresh,
    contextValue: "hwledger.gpu",
    accessibilityLabel: [...named, say.onHost(host.record.name), ...stands, ...gpuWords(gpu)].join(", "),
    fold: gpu.occupancy.kind === "busy" && gpu.occupancy.processes.length > 0 ? "closed" : "leaf",
  };
}

/** `▄ 37% 12/24G 62° 210W`, tight since the side bar is narrow; what this device cannot tell is left to the tooltip, what failed is said. */
function gpuFigures(gpu: GpuReading, fresh: boolean): string {
  if (isFaulty(gpu)) return say.faultyFigures;
  const load = metricValue(gpu.utilizationPct);
  const temperature = metricValue(gpu.temperatureC);
  const power = metricValue(gpu.powerW);
  const parts = [
    load === null ? null : `${fresh ? `${loadBar(load)} ` : ""}${Math.round(load)}%`,
    memoryText(gpu),
    temperature === null ? null : `${Math.round(temperature)}°`,
    power === null ? null : `${Math.round(power)}W`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? say.noFigures : parts.join(" ");
}

/** The same figures to be read out. */
function gpuWords(gpu: GpuReading): string[] {
  if (isFaulty(gpu)) return [say.figuresUnread];
  const rounded = (metric: Metric, unit: string) => {
    const value = metricValue(metric);
    return value === null ? null : `${Math.round(value)} ${unit}`;
  };
  const parts = [
    rounded(gpu.utilizationPct, say.percentLoad),
    gpu.memoryKind === "unified"
      ? say.unifiedMemory
      : formatMemoryWords(gpu.memoryUsedBytes, gpu.memoryTotalBytes),
    rounded(gpu.temperatureC, say.degrees),
    rounded(gpu.powerW, say.watts),
  ].filter((part) => part !== null);
  return parts.length === 0 ? [say.noFigures] : parts;
}

const levels = "▁▂▃▄▅▆▇█";

/** A load as an upright bar, one character wide; any load at all shows, and only a full one is full. */
function loadBar(pct: number): string {
  const share = Math.min(100, Math.max(0, pct)) / 100;
  const between = Math.min(levels.length - 2, Math.max(1, Math.round(share * (levels.length - 1))));
  return levels.charAt(share === 0 ? 0 : share === 1 ? levels.length - 1 : between);
}

function memoryText(gpu: GpuReading): string | null {
  if (gpu.memoryKind === "unified") return say.unified;
  return formatMemoryShort(gpu.memoryUsedBytes, gpu.memoryTotalBytes);
}

function gpuIcon(gpu: GpuReading, fresh: boolean): RowIcon {
  const color = (id: string) => (fresh ? id : grey);
  if (isFaulty(gpu)) return { codicon: "error", color: color("list.errorForeground") };
  switch (gpu.occupancy.kind) {
    case "free":
      return { codicon: "circle-large-outline", color: color("charts.green") };
    case "busy":
      return { codicon: "circle-large-filled", color: color("charts.blue") };
    case "unknown":
      return { codicon: "question", color: color("charts.yellow") };
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
