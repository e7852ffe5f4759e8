import { formatDuration } from "../../../protocol/duration.ts";
import type { HostRecord, HostStatus } from "../../../protocol/host.ts";
import type { Metric } from "../../../protocol/metric.ts";
import type { GpuReading } from "../../../protocol/reading.ts";
import { unsupportedText } from "../../../protocol/unsupportedText.ts";
import type { Style } from "../terminal.ts";
import {
  bytesText,
  celsius,
  memoryText,
  metricText,
  noFigure,
  percent,
  rateText,
  timeText,
  watts,
} from "./figures.ts";
import { printable, renderTable, shorten, visibleLength, type Column } from "./table.ts";

/** What stands in the way of a host that can be reached, by the problem's code. */
const refusals: Readonly<Record<string, string>> = {
  "host-key-changed": "host key CHANGED",
  "host-key-unknown": "host key unknown",
  "host-key-revoked": "host key revoked",
  "host-login-refused": "login refused",
};

/** A host's status in a word or two, with its age where that matters. */
export function statusText(status: HostStatus, nowMs: number): string {
  switch (status.kind) {
    case "online":
      return "online";
    case "never":
      return "not seen yet";
    case "late":
    case "offline":
      return `${status.kind}, silent for ${formatDuration(nowMs - status.lastSeenAtMs)}`;
    case "unreachable":
      return `${refusals[status.code] ?? "unreachable"} for ${formatDuration(nowMs - status.sinceMs)}`;
    case "needs-login":
      return "needs login";
  }
}

/** Whether a host's figures are from now. */
export function isFresh(status: HostStatus): boolean {
  return status.kind === "online";
}

function paint(status: HostStatus, text: string, style: Style): string {
  if (status.kind === "online") return style.green(text);
  if (status.kind === "late" || status.kind === "never" || status.kind === "needs-login")
    return style.yellow(text);
  return style.red(text);
}

/** What a GPU is used for, in a word or two. */
export function occupancyText(gpu: GpuReading): string {
  switch (gpu.occupancy.kind) {
    case "free":
      return "free";
    case "busy":
      return gpu.occupancy.processes.length === 0 ? "busy" : `busy (${gpu.occupancy.processes.length} proc.)`;
    case "unknown":
      return "unknown";
  }
}

/** How old a GPU's figures may be while its host answers, in milliseconds, at least. */
const gpuFreshMs = 20_000;

/** Milliseconds since a GPU was read where that is too long to pass for now; null when it is fresh. */
function staleMs(gpu: GpuReading, host: HostRecord, nowMs: number): number | null {
  const ageMs = nowMs - gpu.atMs;
  const limitMs = Math.max(3 * (host.reading?.cadenceMs ?? 0), gpuFreshMs);
  return isFresh(host.status) && ageMs <= limitMs ? null : ageMs;
}

const right = "right" as const;
const hostColumns: Column[] = [
  { title: "HOST" },
  { title: "STATUS" },
  { title: "RATE", align: right },
  { title: "CPU", align: right },
  { title: "GPU" },
  { title: "UTIL", align: right },
  { title: "MEMORY", align: right },
  { title: "TEMP", align: right },
  { title: "POWER", align: right },
  { title: "USE" },
];

/** How the table of hosts looks. */
interface HostListLook {
  /** With bars for the utilisation. */
  bars?: boolean;
  /** The terminal's width: long names are cut where the table would be wider. */
  columns?: number;
}

/** Characters of a name that are left where it is cut. */
const shortName = 20;

/** The table of `host ls` and `watch`: a line for each GPU, the host's own cells on its first. */
export function hostListText(
  hosts: readonly HostRecord[],
  nowMs: number,
  style: Style,
  { bars = false, columns = Infinity }: HostListLook = {},
): string {
  if (hosts.length === 0) return "No hosts yet. Add one with `hwledger host add NAME [user@]ADDRESS`.";
  const table = hostTable(hosts, nowMs, style, bars);
  if (table.split("\n").every((line) => visibleLength(line) <= columns)) return table;
  const shorter = hosts.map((host) => ({ ...host, name: shorten(host.name, shortName) }));
  return hostTable(shorter, nowMs, style, bars);
}

function hostTable(hosts: readonly HostRecord[], nowMs: number, style: Style, bars: boolean): string {
  const rows = hosts.flatMap((host) => {
    const { status, reading } = host;
    const head = [
      host.name,
      standing(host, nowMs, style),
      rateText(host.rateMicroUsdPerHour),
      reading && isFresh(status) ? metricText(reading.cpuPct, percent) : noFigure,
    ];
    if (host.gpus.length === 0) return [[...head, noGpuText(host)]];
    const below = ["", "", "", ""];
    const gpus = host.gpus.map((gpu, at) => [
      ...(at === 0 ? head : below),
      ...gpuCells(gpu, staleMs(gpu, host, nowMs), style, bars),
    ]);
    const isPartial = reading?.gpuProblem != null && isFresh(status);
    return isPartial ? [...gpus, [...below, style.yellow(noGpuText(host))]] : gpus;
  });
  return renderTable(hostColumns, rows);
}

/** The status of a host, or that nobody reads it. */
function standing(host: HostRecord, nowMs: number, style: Style): string {
  if (host.probe === "off" && host.status.kind !== "needs-login") return style.dim("not probed");
  return paint(host.status, statusText(host.status, nowMs), style);
}

function noGpuText({ reading }: HostRecord): string {
  if (reading === null) return noFigure;
  return reading.gpuProblem === null ? "no GPU" : `unknown: ${reading.gpuProblem.code}`;
}

function gpuCells(gpu: GpuReading, staleForMs: number | null, style: Style, bars: boolean): string[] {
  const name = gpu.name.replace(/^NVIDIA /, "");
  // Old figures are not shown as if they were from now.
  if (staleForMs !== null) {
    const missing = Array.from({ length: 4 }, () => noFigure);
    return [name, ...missing, style.dim(`read ${formatDuration(staleForMs)} ago`)];
  }
  const bar = bars && "value" in gpu.utilizationPct ? `${barText(gpu.utilizationPct.value, style)} ` : "";
  return [
    name,
    bar + metricText(gpu.utilizationPct, percent),
    gpuMemoryText(gpu),
    metricText(gpu.temperatureC, celsius),
    metricText(gpu.powerW, watts),
    occupancyText(gpu),
  ];
}

/** A GPU's memory; `unified` where it is the machine's. */
function gpuMemoryText({ memoryKind, memoryUsedBytes, memoryTotalBytes }: GpuReading): string {
  const text = memoryText(memoryUsedBytes, memoryTotalBytes);
  return memoryKind === "unified" && text === noFigure ? "unified" : text;
}

const barCells = 10;

/** A bar of ten cells for a percentage. */
export function barText(pct: number, style: Style): string {
  const full = Math.max(0, Math.min(barCells, Math.round((pct / 100) * barCells)));
  return style.green("█".repeat(full)) + style.dim("░".repeat(barCells - full));
}

/** Everything about one host: `host show`. */
export function hostText(host: HostRecord, nowMs: number, style: Style): string {
  const { connection, reading } = host;
  const way =
    connection.kind === "local"
      ? "this machine, without SSH"
      : `ssh ${connection.user === null ? "" : `${connection.user}@`}${connection.alias}${connection.port === null ? "" : `:${connection.port}`}`;
  const facts: [string, string][] = [
    ["host", `${style.bold(host.name)} (${host.id})`],
    ["status", standing(host, nowMs, style) + reasonOf(host)],
    ["way in", way],
    ["rate", rateText(host.rateMicroUsdPerHour)],
    ["python", host.python ?? "found on the host"],
    ["jobs", `${host.activeJobs} active`],
  ];
  if (reading) {
    facts.push(
      ["read", `${timeText(reading.atMs)} (${formatDuration(nowMs - reading.atMs)} ago)`],
      ["system", reading.os ?? noFigure],
      ["CPU", withReason(reading.cpuPct, percent)],
      ["memory", amountText(reading.memoryUsedBytes, reading.memoryTotalBytes)],
      ["disk", amountText(reading.diskUsedBytes, reading.diskTotalBytes)],
      ["up", withReason(reading.uptimeS, (seconds) => formatDuration(seconds * 1_000))],
      ["probe", `${bytesText(reading.probeBytes)} read, every ${formatDuration(reading.cadenceMs)}`],
    );
    if (reading.gpuProblem) facts.push(["GPUs", `${reading.gpuProblem.code}: ${reading.gpuProblem.detail}`]);
  }
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${printable(value)}`);
  return [...lines, ...host.gpus.map((gpu) => gpuText(gpu, staleMs(gpu, host, nowMs), style))].join("\n");
}

function gpuText(gpu: GpuReading, staleForMs: number | null, style: Style): string {
  const age = staleForMs === null ? "" : style.yellow(`  read ${formatDuration(staleForMs)} ago`);
  const figures = [
    `utilisation ${withReason(gpu.utilizationPct, percent)}`,
    `memory ${memoryText(gpu.memoryUsedBytes, gpu.memoryTotalBytes)}${gpu.memoryKind === "unified" ? " (shared with the machine)" : ""}`,
    withReason(gpu.temperatureC, celsius, "temperature"),
    withReason(gpu.powerW, watts, "power"),
    occupancyText(gpu),
  ];
  return `\n${style.bold(printable(gpu.name))}  ${style.dim(printable(gpu.uuid))}${age}\n  ${figures.join(" · ")}`;
}

/** Used and total bytes, or why there are none. */
function amountText(used: Metric, total: Metric): string {
  return "value" in used || "value" in total ? memoryText(used, total) : withReason(total, () => noFigure);
}

function withReason(metric: Metric, format: (value: number) => string, what = ""): string {
  if ("value" in metric) return format(metric.value);
  return `${what === "" ? "" : `${what} `}${noFigure} (${unsupportedText(metric.unsupported)})`;
}

function reasonOf({ name, probe, status }: HostRecord): string {
  if (probe === "off" && status.kind !== "needs-login")
    return `: \`hwledger host set ${name} --probe on\` reads it again`;
  if (status.kind === "unreachable" || status.kind === "needs-login") return `: ${status.reason}`;
  return "";
}
