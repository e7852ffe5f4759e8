import type { HostRecord } from "../../protocol/host.ts";
import { jobStates, type JobState } from "../../protocol/job.ts";
import { metricValue, type Metric } from "../../protocol/metric.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";
import { labelText, type MetricFamily } from "./expositionText.ts";

/** What a scrape tells of the fleet. */
export interface ScrapedFleet {
  hosts: readonly HostRecord[];
  /** How many jobs there are in each state; a state without any may be missing. */
  jobs: ReadonlyMap<JobState, number>;
}

interface ScrapedHost {
  record: HostRecord;
  labels: string;
  /** Null while the host is not online: what was read before is told as the present by no metric. */
  reading: HostReading | null;
}

interface ScrapedGpu {
  gpu: GpuReading;
  labels: string;
  /** Labels without the closing brace: more may follow. */
  openLabels: string;
}

type Sample = readonly [labels: string, value: number];

/** The metrics of the fleet. What was not read is absent, never 0; of a host that is not online so is what was read. */
export function fleetFamilies({ hosts, jobs }: ScrapedFleet): MetricFamily[] {
  const scraped = hosts.map((record) => ({
    record,
    labels: labelText({ host: record.name }),
    reading: record.status.kind === "online" ? record.reading : null,
  }));
  return [...hostFamilies(scraped), ...gpuFamilies(scraped), jobsFamily(jobs)];
}

function hostFamilies(hosts: readonly ScrapedHost[]): MetricFamily[] {
  const gauge = (
    name: string,
    help: string,
    valueOf: (host: ScrapedHost) => number | null,
  ): MetricFamily => ({
    name: `hwledger_host_${name}`,
    type: "gauge",
    help,
    samples: each(hosts, valueOf),
  });
  const read = (name: string, help: string, metricOf: (reading: HostReading) => Metric, factor = 1) =>
    gauge(name, help, ({ reading }) => (reading === null ? null : scaled(metricOf(reading), factor)));
  return [
    gauge("up", "1 for a host that is online, else 0; absent for one that is left alone.", ({ record }) =>
      record.probe === "off" ? null : Number(record.status.kind === "online"),
    ),
    gauge(
      "last_reading_timestamp_seconds",
      "When the newest reading of the host was taken, by the service's clock.",
      ({ record }) => (record.reading === null ? null : record.reading.atMs / 1_000),
    ),
    read("cpu_ratio", "Load of all CPUs of the host, from 0 to 1.", ({ cpuPct }) => cpuPct, 0.01),
    read("memory_used_bytes", "Memory of the host in use.", (reading) => reading.memoryUsedBytes),
    read("memory_total_bytes", "Memory of the host.", (reading) => reading.memoryTotalBytes),
    read("filesystem_used_bytes", "Used on the file system of jobs.", (reading) => reading.diskUsedBytes),
    read("filesystem_total_bytes", "Size of the file system of jobs.", (reading) => reading.diskTotalBytes),
    read("uptime_seconds", "Time since the host was started.", ({ uptimeS }) => uptimeS),
    {
      ...gauge(
        "probe_bytes_total",
        "Sent by the host's probe since that was started.",
        ({ reading }) => reading?.probeBytes ?? null,
      ),
      type: "counter",
    },
    gauge("rate_dollars_per_hour", "What the host costs, where somebody said it.", ({ record }) =>
      record.rateMicroUsdPerHour === null ? null : record.rateMicroUsdPerHour / 1_000_000,
    ),
    gauge("active_jobs", "Jobs on the host that have not ended.", ({ record }) => record.activeJobs),
    {
      name: "hwledger_host_gpu_problem",
      type: "gauge",
      help: "1 with the code of what is wrong with the GPUs of the host; absent where nothing is.",
      samples: problems(hosts),
    },
  ];
}

function gpuFamilies(hosts: readonly ScrapedHost[]): MetricFamily[] {
  const gpus = once(hosts, gpusOf);
  const gauge = (name: string, help: string, valueOf: (one: ScrapedGpu) => number | null): MetricFamily => ({
    name: `hwledger_gpu_${name}`,
    type: "gauge",
    help,
    samples: each(gpus, valueOf),
  });
  const read = (name: string, help: string, metricOf: (gpu: GpuReading) => Metric, factor = 1) =>
    gauge(name, help, ({ gpu }) => scaled(metricOf(gpu), factor));
  return [
    read("utilization_ratio", "Load of the GPU, from 0 to 1.", (gpu) => gpu.utilizationPct, 0.01),
    read("memory_used_bytes", "Memory of the GPU in use.", (gpu) => gpu.memoryUsedBytes),
    read("memory_total_bytes", "Memory of the GPU.", (gpu) => gpu.memoryTotalBytes),
    read("temperature_celsius", "Temperature of the GPU.", (gpu) => gpu.temperatureC),
    read("power_watts", "Power that the GPU draws.", (gpu) => gpu.powerW),
    read("power_limit_watts", "Power that the GPU may draw.", (gpu) => gpu.powerLimitW),
    gauge("processes", "Processes on the GPU; absent where nobody can say.", ({ gpu }) =>
      gpu.occupancy.kind === "unknown" ? null : processesOf(gpu).length,
    ),
    {
      name: "hwledger_gpu_job_processes",
      type: "gauge",
      help: "Processes on the GPU that a job of the fleet has started, by job.",
      samples: jobProcesses(gpus),
    },
  ];
}

function jobsFamily(jobs: ReadonlyMap<JobState, number>): MetricFamily {
  const samples = jobStates.map((state): Sample => [labelText({ state }), jobs.get(state) ?? 0]);
  return { name: "hwledger_jobs", type: "gauge", help: "Jobs of the fleet by their state.", samples };
}

/** The GPUs of a host by their labels, each once, whatever the host says. */
function gpusOf({ record, reading }: ScrapedHost): ScrapedGpu[] {
  const byUuid = new Map((reading?.gpus ?? []).map((gpu) => [gpu.uuid, gpu]));
  return [...byUuid.values()].map((gpu) => {
    const { uuid, index, name, vendor } = gpu;
    const labels = labelText({
      host: record.name,
      gpu: uuid,
      index: index === null ? null : String(index),
      name,
      vendor,
    });
    return { gpu, labels, openLabels: labels.slice(0, -1) };
  });
}

/** Several of each, made where they are first wanted, so that their making is spread over the rounds of writing. */
function once<F, T>(each: readonly F[], make: (one: F) => readonly T[]): Iterable<T> {
  const made: (readonly T[])[] = [];
  return {
    *[Symbol.iterator]() {
      for (const [index, one] of each.entries()) yield* (made[index] ??= make(one));
    },
  };
}

/** The samples of one metric, read while they are written. */
function* each<T extends { labels: string }>(
  all: Iterable<T>,
  valueOf: (one: T) => number | null,
): Generator<Sample> {
  for (const one of all) {
    const value = valueOf(one);
    if (value !== null) yield [one.labels, value];
  }
}

function* problems(hosts: readonly ScrapedHost[]): Generator<Sample> {
  for (const { record, reading } of hosts)
    if (reading?.gpuProblem) yield [labelText({ host: record.name, code: reading.gpuProblem.code }), 1];
}

function* jobProcesses(gpus: Iterable<ScrapedGpu>): Generator<Sample> {
  for (const { gpu, openLabels } of gpus) {
    const counts = new Map<string, number>();
    for (const { jobId } of processesOf(gpu))
      if (jobId !== null) counts.set(jobId, (counts.get(jobId) ?? 0) + 1);
    for (const [jobId, count] of counts)
      yield [`${openLabels},${labelText({ job_id: jobId }).slice(1)}`, count];
  }
}

function processesOf({ occupancy }: GpuReading) {
  return occupancy.kind === "busy" ? occupancy.processes : [];
}

/** Rounded to what the figure says: 7 / 100 is 0.07, whatever 7 * 0.01 is. */
function scaled(metric: Metric, factor: number): number | null {
  const value = metricValue(metric);
  return value === null || factor === 1 ? value : value / (1 / factor);
}
