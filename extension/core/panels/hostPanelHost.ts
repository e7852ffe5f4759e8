import { formatDuration } from "../../../protocol/duration.ts";
import { freeGpuCount } from "../../../protocol/freeGpuCount.ts";
import { metricValue, type Metric } from "../../../protocol/metric.ts";
import type { GpuReading } from "../../../protocol/reading.ts";
import { unsupportedText } from "../../../protocol/unsupportedText.ts";
import type { Contact } from "../contact.ts";
import { formatBytes, formatMemory, formatRate, metricText } from "../figures.ts";
import { countedGpus } from "../../../protocol/countedGpus.ts";
import { gpusInOrder } from "../gpusInOrder.ts";
import { gpusOf, type KnownHost } from "../fleetState.ts";
import { gpuModel } from "../gpuModel.ts";
import { printable } from "../printable.ts";
import { isFresh, statusText } from "../statusText.ts";
import { gpuUseText } from "./gpuUseText.ts";
import type { ChartedFigure, HostPanelHost } from "./hostSchema.ts";
import { hostWords } from "../words/hostWords.ts";
import { panelModelWords } from "../words/panelModelWords.ts";

const say = panelModelWords.host;

/** A host's head, machine and GPUs, by its newest reading. */
export function hostPanelHost(host: KnownHost, contact: Contact, nowMs: number): HostPanelHost {
  const { record, reading } = host;
  const problem = reading?.gpuProblem ?? null;
  const gpus = gpusInOrder(gpusOf(host));
  const notMeasured: Metric = { unsupported: "not-measured" };
  return {
    name: record.name,
    status: { text: printable(statusText(host, contact, nowMs)), tone: tone(host, contact) },
    facts: facts(host, contact),
    problem: problem === null ? null : printable(problem.detail),
    cpu: percent(reading?.cpuPct ?? notMeasured),
    memory: memory(reading?.memoryUsedBytes ?? notMeasured, reading?.memoryTotalBytes ?? notMeasured),
    gpus: gpus.map((gpu) => gpuCharts(gpu, record.activeJobs)),
  };
}

function tone(host: KnownHost, contact: Contact): HostPanelHost["status"]["tone"] {
  if (contact.kind !== "live") return "plain";
  switch (host.record.status.kind) {
    case "online":
      return "good";
    case "late":
      return "late";
    case "unreachable":
    case "needs-login":
      return "bad";
    case "offline":
    case "never":
      return "plain";
  }
}

function facts(host: KnownHost, contact: Contact): HostPanelHost["facts"] {
  const { record, reading } = host;
  const gpus = countedGpus(gpusOf(host));
  const { connection, rateMicroUsdPerHour: rate } = record;
  const count = isFresh(host, contact)
    ? say.free(freeGpuCount(gpus, record), gpus.length)
    : say.lastRead(gpus.length);
  return [
    { label: say.address, text: addressText(connection) },
    ...(record.agent === null
      ? []
      : [{ label: say.agent, text: say.agentConnected(printable(record.agent.version)) }]),
    { label: say.system, text: reading?.os ? printable(reading.os) : panelModelWords.notKnown },
    { label: say.upFor, text: reading ? metricText(reading.uptimeS, uptimeText) : panelModelWords.notKnown },
    ...(reading ? [{ label: say.disk, text: diskText(reading.diskUsedBytes, reading.diskTotalBytes) }] : []),
    ...(gpus.length > 0 ? [{ label: say.gpus, text: count }] : []),
    { label: say.rate, text: rate === null ? say.notSet : formatRate(rate) },
  ];
}

function addressText(connection: KnownHost["record"]["connection"]): string {
  if (connection.kind === "local") return hostWords.thisMachine;
  if (connection.kind === "agent") return hostWords.agentOnly;
  const { user, alias, port } = connection;
  return printable(`${user === null ? "" : `${user}@`}${alias}${port === null ? "" : `:${port}`}`);
}

/** Minutes alone, so that it does not change with every reading. */
function uptimeText(seconds: number): string {
  return seconds < 60 ? say.lessThanAMinute : formatDuration(Math.floor(seconds / 60) * 60_000);
}

function diskText(used: Metric, total: Metric): string {
  return formatMemory(used, total) ?? metricText(used, formatBytes);
}

function gpuCharts(gpu: GpuReading, activeJobs: number): HostPanelHost["gpus"][number] {
  const model = printable(gpuModel(gpu.name));
  const limit = metricValue(gpu.powerLimitW);
  return {
    uuid: gpu.uuid,
    title: gpu.index === null ? model : say.gpu(gpu.index, model),
    use: gpuUseText(gpu, activeJobs).text,
    load: percent(gpu.utilizationPct),
    memory: memory(gpu.memoryUsedBytes, gpu.memoryTotalBytes),
    temperature: charted(gpu.temperatureC, (celsius) => `${Math.round(celsius)} °C`, 100),
    power: charted(gpu.powerW, (watts) => `${Math.round(watts)} W`, limit),
  };
}

function percent(metric: Metric): ChartedFigure {
  return charted(metric, (pct) => `${Math.round(pct)} %`, 100);
}

function memory(used: Metric, total: Metric): ChartedFigure {
  const text = formatMemory(used, total);
  return charted(used, (bytes) => text ?? formatBytes(bytes), metricValue(total));
}

function charted(metric: Metric, format: (value: number) => string, top: number | null): ChartedFigure {
  return "value" in metric
    ? { text: format(metric.value), value: metric.value, hint: null, top }
    : { text: "–", value: null, hint: unsupportedText(metric.unsupported), top };
}
