import { formatDuration } from "../../../protocol/duration.ts";
import type { HostRecord, HostStatus } from "../../../protocol/host.ts";
import type { Metric } from "../../../protocol/metric.ts";
import type { GpuProcess, GpuReading } from "../../../protocol/reading.ts";
import { throttleText } from "../../../protocol/throttleText.ts";
import { unsupportedText } from "../../../protocol/unsupportedText.ts";
import { whoUses } from "../../../protocol/whoUses.ts";
import type { Style } from "../terminal.ts";
import { bytesText, celsius, memoryText, noFigure, percent, rateText, timeText, watts } from "./figures.ts";
import { printable, shorten } from "./table.ts";

/** What stands in the way of a host that can be reached, by the problem's code. */
const refusals: Readonly<Record<string, string>> = {
  "host-key-changed": "host key CHANGED",
  "host-key-unknown": "host key unknown",
  "host-key-revoked": "host key revoked",
  "host-login-refused": "login refused",
};

/** A duration in its largest unit only: `9 min`. */
export function roughDuration(ms: number): string {
  return formatDuration(ms).split(" ").slice(0, 2).join(" ");
}

/** A host's status in a word or two, with its age where that matters. `brief`: in the fewest words. */
export function statusText(status: HostStatus, nowMs: number, brief = false): string {
  switch (status.kind) {
    case "online":
      return "online";
    case "never":
      return "not seen yet";
    case "late":
    case "offline":
      return brief
        ? `${status.kind} ${roughDuration(nowMs - status.lastSeenAtMs)}`
        : `${status.kind}, silent for ${formatDuration(nowMs - status.lastSeenAtMs)}`;
    case "unreachable": {
      const word = refusals[status.code] ?? "unreachable";
      return brief ? word : `${word} for ${formatDuration(nowMs - status.sinceMs)}`;
    }
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
      return busyText(gpu.occupancy.processes);
    case "unknown":
      return gpu.division.kind === "divided" ? "divided" : "unknown";
  }
}

/** By whom, where that is known and fits; else by how many. */
function busyText(processes: readonly GpuProcess[]): string {
  if (processes.length === 0) return "busy";
  const whom = whoUses(processes, "ours").map((user) => shorten(printable(user), 12));
  const more = whom.length > 2 ? ` +${whom.length - 2}` : "";
  return whom.length === 0
    ? `busy (${processes.length} proc.)`
    : `busy (${whom.slice(0, 2).join(", ")}${more})`;
}

/** How old a GPU's figures may be while its host answers, in milliseconds, at least. */
const gpuFreshMs = 20_000;

/** Milliseconds since a GPU was read where that is too long to pass for now; null when it is fresh. */
export function staleMs(gpu: GpuReading, host: HostRecord, nowMs: number): number | null {
  const ageMs = nowMs - gpu.atMs;
  const limitMs = Math.max(3 * (host.reading?.cadenceMs ?? 0), gpuFreshMs);
  return isFresh(host.status) && ageMs <= limitMs ? null : ageMs;
}

/** The status of a host, or that nobody reads it; brief and cut where there is room for so many letters only. */
export function standing(host: HostRecord, nowMs: number, style: Style, letters = Infinity): string {
  if (host.probe === "off" && host.status.kind !== "needs-login") return style.dim("not probed");
  const text = statusText(host.status, nowMs, letters !== Infinity);
  return paint(host.status, shorten(text, letters), style);
}

function wayText(connection: HostRecord["connection"]): string {
  switch (connection.kind) {
    case "local":
      return "this machine, without SSH";
    case "agent":
      return "its agent only";
    case "ssh": {
      const { user, alias, port } = connection;
      return `ssh ${user === null ? "" : `${user}@`}${alias}${port === null ? "" : `:${port}`}`;
    }
  }
}

function agentText({ version, platform, arch, sinceMs }: NonNullable<HostRecord["agent"]>): string {
  return `${version} (${platform} ${arch}), connected since ${timeText(sinceMs)}`;
}

/** Everything about one host: `host show`. */
export function hostText(host: HostRecord, nowMs: number, style: Style): string {
  const { connection, reading } = host;
  const agent = host.agent === null ? [] : [["agent", agentText(host.agent)] as [string, string]];
  const facts: [string, string][] = [
    ["host", `${style.bold(host.name)} (${host.id})`],
    ["status", standing(host, nowMs, style) + reasonOf(host)],
    ["way in", wayText(connection)],
    ...agent,
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
    ...stateTexts(gpu, style),
  ];
  return `\n${style.bold(printable(gpu.name))}  ${style.dim(printable(gpu.uuid))}${age}\n  ${figures.join(" · ")}`;
}

/** That it is not sound, or held back; nothing where all is well, or nobody says. */
function stateTexts({ health, throttle }: GpuReading, style: Style): string[] {
  const faults =
    health.kind === "fault" ? health.reasons.map(({ text }) => style.red(`fault: ${printable(text)}`)) : [];
  const held = (throttle ?? []).map((code) => `held back by ${printable(throttleText(code))}`);
  return [...faults, ...held];
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
