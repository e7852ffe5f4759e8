import { formatDuration } from "../../../protocol/duration.ts";
import type { HostRecord, HostStatus } from "../../../protocol/host.ts";
import type { Metric } from "../../../protocol/metric.ts";
import type { GpuReading } from "../../../protocol/reading.ts";
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
import { renderTable, printable } from "./table.ts";

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
      return `unreachable for ${formatDuration(nowMs - status.sinceMs)}`;
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

/** The table of `host ls`: a line for each GPU, the host's own cells on its first. */
export function hostListText(hosts: readonly HostRecord[], nowMs: number, style: Style): string {
  if (hosts.length === 0) return "No hosts yet. Add one with `hwledger host add NAME [user@]ADDRESS`.";
  const rows = hosts.flatMap((host) => {
    const head = [
      host.name,
      paint(host.status, statusText(host.status, nowMs), style),
      rateText(host.rateMicroUsdPerHour),
    ];
    const cpu = host.reading && isFresh(host.status) ? metricText(host.reading.cpuPct, percent) : noFigure;
    if (host.gpus.length === 0) return [[...head, cpu, "no GPU", "", "", "", "", ""]];
    return host.gpus.map((gpu, at) => [
      ...(at === 0 ? [...head, cpu] : ["", "", "", ""]),
      ...gpuCells(gpu, isFresh(host.status), style),
    ]);
  });
  const right = "right" as const;
  const columns = [
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
  return renderTable(columns, rows);
}

function gpuCells(gpu: GpuReading, fresh: boolean, style: Style): string[] {
  const cells = [
    metricText(gpu.utilizationPct, percent),
    memoryText(gpu.memoryUsedBytes, gpu.memoryTotalBytes),
    metricText(gpu.temperatureC, celsius),
    metricText(gpu.powerW, watts),
    occupancyText(gpu),
  ];
  const name = gpu.name.replace(/^NVIDIA /, "");
  // Old figures are not shown as if they were from now.
  return fresh ? [name, ...cells] : [name, ...cells.map(() => style.dim(noFigure))];
}

/** Everything about one host: `host show`. */
export function hostText(host: HostRecord, nowMs: number, style: Style): string {
  const { connection, reading, status } = host;
  const way =
    connection.kind === "local"
      ? "this machine, without SSH"
      : `ssh ${connection.user === null ? "" : `${connection.user}@`}${connection.alias}${connection.port === null ? "" : `:${connection.port}`}`;
  const facts: [string, string][] = [
    ["host", `${style.bold(host.name)} (${host.id})`],
    ["status", paint(status, statusText(status, nowMs), style) + reasonOf(status)],
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
      ["memory", memoryText(reading.memoryUsedBytes, reading.memoryTotalBytes)],
      ["disk", memoryText(reading.diskUsedBytes, reading.diskTotalBytes)],
      ["up", withReason(reading.uptimeS, (seconds) => formatDuration(seconds * 1_000))],
      ["probe", `${bytesText(reading.probeBytes)} read, every ${formatDuration(reading.cadenceMs)}`],
    );
    if (reading.gpuProblem) facts.push(["GPUs", `${reading.gpuProblem.code}: ${reading.gpuProblem.detail}`]);
  }
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${printable(value)}`);
  return [...lines, ...host.gpus.map((gpu) => gpuText(gpu, style))].join("\n");
}

function gpuText(gpu: GpuReading, style: Style): string {
  const figures = [
    `utilisation ${withReason(gpu.utilizationPct, percent)}`,
    `memory ${memoryText(gpu.memoryUsedBytes, gpu.memoryTotalBytes)}${gpu.memoryKind === "unified" ? " (shared with the machine)" : ""}`,
    withReason(gpu.temperatureC, celsius, "temperature"),
    withReason(gpu.powerW, watts, "power"),
    occupancyText(gpu),
  ];
  return `\n${style.bold(printable(gpu.name))}  ${style.dim(gpu.uuid)}\n  ${figures.join(" · ")}`;
}

function withReason(metric: Metric, format: (value: number) => string, what = ""): string {
  if ("value" in metric) return format(metric.value);
  return `${what === "" ? "" : `${what} `}${noFigure} (${metric.unsupported})`;
}

function reasonOf(status: HostStatus): string {
  if (status.kind === "unreachable" || status.kind === "needs-login") return `: ${status.reason}`;
  return "";
}
