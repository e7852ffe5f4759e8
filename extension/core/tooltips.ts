import { formatDuration } from "../../protocol/duration.ts";
import { metricValue, type Metric } from "../../protocol/metric.ts";
import type { GpuReading } from "../../protocol/reading.ts";
import { clockText } from "./clock.ts";
import type { Contact } from "./contact.ts";
import { formatBytes, formatMemory, formatRate, metricText } from "./figures.ts";
import { gpusOf, type KnownHost } from "./fleetState.ts";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import { markdownTable, markdownText } from "./markdown.ts";
import { unknownUseText } from "../../protocol/unknownUseText.ts";
import { isFresh, readingAgeMs, statusText } from "./statusText.ts";

type Line = readonly [string, string];

/** Everything known about a host, as Markdown. */
export function hostTooltip(host: KnownHost, contact: Contact, nowMs: number): string {
  const { record, reading } = host;
  const gpus = gpusOf(host);
  const lines: Line[] = [
    ["Status", statusText(host, contact, nowMs)],
    ["Reached", reachText(host)],
    ...(isFresh(host, contact) && gpus.length > 0
      ? ([["GPUs", `${freeGpuCount(gpus, record)} of ${gpus.length} free`]] as const)
      : []),
    ["Jobs of ours", String(record.activeJobs)],
    ["Rate", record.rateMicroUsdPerHour === null ? "not set" : formatRate(record.rateMicroUsdPerHour)],
  ];
  if (reading) {
    lines.push(
      ["CPU", metricText(reading.cpuPct, (pct) => `${Math.round(pct)} %`)],
      ["Memory", pairText(reading.memoryUsedBytes, reading.memoryTotalBytes)],
      ["Disk", pairText(reading.diskUsedBytes, reading.diskTotalBytes)],
      ["Up for", metricText(reading.uptimeS, (seconds) => formatDuration(seconds * 1_000))],
      ["System", reading.os ?? "not known"],
      ["Read", readText(host, nowMs)],
      ["Probe", `every ${formatDuration(reading.cadenceMs)}, ${formatBytes(reading.probeBytes)} so far`],
    );
    if (reading.gpuProblem) lines.push(["GPUs", reading.gpuProblem.detail]);
  }
  return `**${markdownText(record.name)}**\n\n${markdownTable(lines)}`;
}

/** Everything known about a GPU, as Markdown; what is missing says why. */
export function gpuTooltip(host: KnownHost, gpu: GpuReading, nowMs: number): string {
  const watts = (value: number) => `${value.toFixed(1)} W`;
  const lines: Line[] = [
    ["In use", occupancyText(gpu)],
    ["Utilisation", metricText(gpu.utilizationPct, (pct) => `${Math.round(pct)} %`)],
    ["Memory", pairText(gpu.memoryUsedBytes, gpu.memoryTotalBytes)],
    ["Temperature", metricText(gpu.temperatureC, (celsius) => `${Math.round(celsius)} °C`)],
    ["Power", metricText(gpu.powerW, watts)],
    ["Power limit", metricText(gpu.powerLimitW, watts)],
    ["Driver", gpu.driverVersion ?? "not known"],
    ["PCI address", gpu.pciBusId ?? "not known"],
    ["UUID", gpu.uuid],
    ["Read", readText(host, nowMs)],
  ];
  return `**${markdownText(gpu.name)}** on ${markdownText(host.record.name)}\n\n${markdownTable(lines)}`;
}

function occupancyText(gpu: GpuReading): string {
  const { occupancy } = gpu;
  switch (occupancy.kind) {
    case "free":
      return "free";
    case "unknown":
      return `unknown: ${unknownUseText(occupancy.reason)}`;
    case "busy":
      return occupancy.processes.length === 0
        ? "yes"
        : occupancy.processes.slice(0, 5).map(processText).join("; ") +
            moreText(occupancy.processes.length - 5);
  }
}

function processText(process: { pid: number; name: string; memoryBytes: Metric }): string {
  const bytes = metricValue(process.memoryBytes);
  return `${process.name} (${process.pid}${bytes === null ? "" : `, ${formatBytes(bytes)}`})`;
}

function moreText(count: number): string {
  return count > 0 ? `; and ${count} more` : "";
}

function pairText(used: Metric, total: Metric): string {
  const pair = formatMemory(used, total);
  if (pair !== null) return pair;
  const usedText = metricText(used, formatBytes);
  const totalText = metricText(total, formatBytes);
  return usedText === totalText ? usedText : `used: ${usedText}; in all: ${totalText}`;
}

function reachText(host: KnownHost): string {
  const { connection } = host.record;
  if (connection.kind === "local") return "this machine (the service's)";
  const user = connection.user === null ? "" : `${connection.user}@`;
  const port = connection.port === null ? "" : `:${connection.port}`;
  return `SSH ${user}${connection.alias}${port}`;
}

function readText(host: KnownHost, nowMs: number): string {
  const ageMs = readingAgeMs(host, nowMs);
  // The time of day: VS Code keeps a tooltip until its row is drawn anew, and an age would grow untrue.
  return ageMs === null ? "never" : `at ${clockText(nowMs - ageMs)}`;
}
