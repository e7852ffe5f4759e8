import { countedGpus } from "../../protocol/countedGpus.ts";
import { formatDuration } from "../../protocol/duration.ts";
import { metricValue, type Metric } from "../../protocol/metric.ts";
import type { GpuProcess, GpuReading } from "../../protocol/reading.ts";
import { whoUses } from "../../protocol/whoUses.ts";
import { clockText, momentText } from "./clock.ts";
import type { Contact } from "./contact.ts";
import { formatBytes, formatMemory, formatRate, metricText } from "./figures.ts";
import { gpusOf, type KnownHost } from "./fleetState.ts";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import { markdownTable, markdownText } from "./markdown.ts";
import { throttleText } from "../../protocol/throttleText.ts";
import { unknownUseText } from "../../protocol/unknownUseText.ts";
import { processLabel, type JobNames } from "./processRows.ts";
import { gpuModel } from "./gpuModel.ts";
import { isFresh, readingAgeMs, statusText } from "./statusText.ts";
import { hostWords } from "./words/hostWords.ts";

const say = hostWords.tooltip;

type Line = readonly [string, string];

/** Everything known about a host, as Markdown. */
export function hostTooltip(host: KnownHost, contact: Contact, nowMs: number): string {
  const { record, reading } = host;
  const gpus = gpusOf(host);
  const lines: Line[] = [
    [say.status, statusText(host, contact, nowMs)],
    [say.reached, reachText(host)],
    ...(record.agent === null
      ? []
      : ([[say.agent, say.agentSince(record.agent.version, clockText(record.agent.sinceMs))]] as const)),
    ...(isFresh(host, contact) && gpus.length > 0
      ? ([[say.gpus, say.free(freeGpuCount(gpus, record), countedGpus(gpus).length)]] as const)
      : []),
    [say.jobs, String(record.activeJobs)],
    [say.rate, record.rateMicroUsdPerHour === null ? say.notSet : formatRate(record.rateMicroUsdPerHour)],
  ];
  if (reading) {
    lines.push(
      [say.cpu, metricText(reading.cpuPct, (pct) => `${Math.round(pct)} %`)],
      [say.memory, pairText(reading.memoryUsedBytes, reading.memoryTotalBytes)],
      [say.disk, pairText(reading.diskUsedBytes, reading.diskTotalBytes)],
      [say.upFor, metricText(reading.uptimeS, (seconds) => formatDuration(seconds * 1_000))],
      [say.system, reading.os ?? say.notKnown],
      [say.read, readText(host, nowMs)],
      [say.probe, say.probed(formatDuration(reading.cadenceMs), formatBytes(reading.probeBytes))],
    );
    if (reading.gpuProblem) lines.push([say.gpus, reading.gpuProblem.detail]);
  }
  return `**${markdownText(record.name)}**\n\n${markdownTable(lines)}`;
}

/** Everything known about a GPU, as Markdown; what is missing says why. */
export function gpuTooltip(host: KnownHost, gpu: GpuReading, nowMs: number): string {
  const watts = (value: number) => `${value.toFixed(1)} W`;
  const lines: Line[] = [
    [say.inUse, occupancyText(gpu)],
    [say.utilisation, metricText(gpu.utilizationPct, (pct) => `${Math.round(pct)} %`)],
    [say.memory, pairText(gpu.memoryUsedBytes, gpu.memoryTotalBytes)],
    [say.temperature, metricText(gpu.temperatureC, (celsius) => `${Math.round(celsius)} °C`)],
    [say.power, metricText(gpu.powerW, watts)],
    [say.powerLimit, metricText(gpu.powerLimitW, watts)],
    [say.health, healthText(gpu)],
    ...heldBackLines(gpu),
    [say.driver, gpu.driverVersion ?? say.notKnown],
    [say.pciAddress, gpu.pciBusId ?? say.notKnown],
    [say.uuid, gpu.uuid],
    [say.read, readText(host, nowMs)],
  ];
  return `${say.gpuTitle(markdownText(gpu.name), markdownText(host.record.name))}\n\n${markdownTable(lines)}`;
}

/** Everything known about a process on a GPU, as Markdown. */
export function processTooltip(
  host: KnownHost,
  gpu: GpuReading,
  process: GpuProcess,
  jobNames: JobNames,
): string {
  const { pid, name, user, jobId, startedAtMs, memoryBytes } = process;
  const lines: Line[] = [
    [say.process, `${name} (${pid})`],
    [say.user, user ?? say.notKnown],
    ...(jobId === null ? [] : [[say.job, [jobNames(jobId) ?? [], jobId].flat().join(", ")] as const]),
    [say.memory, metricText(memoryBytes, formatBytes)],
    [say.since, startedAtMs === null ? say.notKnown : momentText(startedAtMs)],
  ];
  const place = [markdownText(gpuModel(gpu.name)), markdownText(host.record.name)] as const;
  return `${say.processTitle(markdownText(processLabel(process)), ...place)}\n\n${markdownTable(lines)}`;
}

function occupancyText(gpu: GpuReading): string {
  const { occupancy } = gpu;
  switch (occupancy.kind) {
    case "free":
      return say.isFree;
    case "unknown":
      return say.unknownUse(unknownUseText(occupancy.reason));
    case "busy":
      return occupancy.processes.length === 0
        ? say.used
        : occupancy.processes.slice(0, 5).map(processText).join("; ") +
            moreText(occupancy.processes.length - 5);
  }
}

function healthText({ health }: GpuReading): string {
  switch (health.kind) {
    case "ok":
      return say.sound;
    case "unknown":
      return say.notKnown;
    case "fault":
      return health.reasons.map(({ text }) => text).join("; ");
  }
}

/** Only where something does: that nothing does is no news. */
function heldBackLines({ throttle }: GpuReading): Line[] {
  return throttle === null || throttle.length === 0
    ? []
    : [[say.heldBack, throttle.map(throttleText).join("; ")]];
}

function processText(process: GpuProcess): string {
  const bytes = metricValue(process.memoryBytes);
  const parts = [
    String(process.pid),
    ...whoUses([process], say.ours),
    ...(bytes === null ? [] : [formatBytes(bytes)]),
  ];
  return `${process.name} (${parts.join(", ")})`;
}

function moreText(count: number): string {
  return count > 0 ? say.more(count) : "";
}

function pairText(used: Metric, total: Metric): string {
  const pair = formatMemory(used, total);
  if (pair !== null) return pair;
  const usedText = metricText(used, formatBytes);
  const totalText = metricText(total, formatBytes);
  return usedText === totalText ? usedText : say.usedInAll(usedText, totalText);
}

function reachText(host: KnownHost): string {
  const { connection } = host.record;
  if (connection.kind === "local") return hostWords.thisMachine;
  if (connection.kind === "agent") return hostWords.agentOnly;
  const user = connection.user === null ? "" : `${connection.user}@`;
  const port = connection.port === null ? "" : `:${connection.port}`;
  return `SSH ${user}${connection.alias}${port}`;
}

function readText(host: KnownHost, nowMs: number): string {
  const ageMs = readingAgeMs(host, nowMs);
  // The time of day: VS Code keeps a tooltip until its row is drawn anew, and an age would grow untrue.
  return ageMs === null ? say.never : say.readAt(clockText(nowMs - ageMs));
}
