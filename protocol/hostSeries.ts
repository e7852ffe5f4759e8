import type { HostMetrics } from "./hostMetrics.ts";
import { metricValue } from "./metric.ts";
import type { GpuReading, HostReading } from "./reading.ts";

/** How long readings are kept, by their own clock. */
export const seriesAgeMs = 15 * 60_000;

/** The most readings kept of one host, whatever their age, give or take a step. */
export const seriesMaxReadings = 2_000;

/** Readings less than this older than the newest came late; others mean that the service's clock was set back. */
export const lateMs = 60_000;
/** Columns are cut in steps, so that not every reading moves every column. */
const cutStep = 64;

const hostFigures = ["cpuPct", "memoryUsedBytes"] as const;
const gpuFigures = ["utilizationPct", "memoryUsedBytes", "temperatureC", "powerW"] as const;
type Column = (number | null)[];
type GpuColumns = { name: string } & Record<(typeof gpuFigures)[number], Column>;

/** The readings of one host over the last minutes, in memory: numbers only, bounded by age and count. */
export class HostSeries {
  #atMs: number[] = [];
  #host = { cpuPct: [] as Column, memoryUsedBytes: [] as Column };
  #gpus = new Map<string, GpuColumns>();

  /** Number of readings held. */
  get length(): number {
    return this.#atMs.length;
  }

  /** Time of the newest reading; null when there is none. */
  get newestAtMs(): number | null {
    return this.#atMs.at(-1) ?? null;
  }

  /** Takes a reading; one that is not newer than the newest is passed over. */
  add(reading: HostReading): void {
    const newestMs = this.#atMs.at(-1);
    if (newestMs !== undefined && reading.atMs <= newestMs) {
      if (newestMs - reading.atMs < lateMs) return;
      this.#clear();
    }
    const before = this.#atMs.length;
    this.#atMs.push(reading.atMs);
    for (const figure of hostFigures) this.#host[figure].push(metricValue(reading[figure]));
    for (const gpu of reading.gpus) this.#addGpu(gpu, before);
    // A GPU that this reading does not name has a gap.
    for (const columns of this.#gpus.values())
      for (const figure of gpuFigures) if (columns[figure].length === before) columns[figure].push(null);
    this.#cut(reading.atMs);
  }

  /** Takes what a service remembers, in place of all that is held. */
  replace({ atMs, cpuPct, memoryUsedBytes, gpus }: HostMetrics): void {
    this.#atMs = [...atMs];
    this.#host = { cpuPct: [...cpuPct], memoryUsedBytes: [...memoryUsedBytes] };
    this.#gpus = new Map(gpus.map((gpu) => [gpu.uuid, gpuColumns(gpu.name, (figure) => [...gpu[figure]])]));
  }

  /**
   * Takes what a service remembers, which counts where it was held already. What it does not remember, as one that was
   * started again, is kept; all that is held goes where its clock was set back.
   */
  merge(remembered: HostMetrics): void {
    const [firstMs] = remembered.atMs;
    const lastMs = remembered.atMs.at(-1);
    if (firstMs === undefined || lastMs === undefined) return;
    if ((this.newestAtMs ?? lastMs) - lastMs >= lateMs) this.#clear();
    const before = this.between(-Infinity, firstMs - 1);
    const after = this.between(lastMs + 1, Infinity);
    this.replace(joined([before, remembered, after]));
    this.#cut(this.newestAtMs ?? lastMs);
  }

  /** What was read from one time to another, both included; GPUs without any figure in it are left out. */
  between(fromMs: number, toMs: number): HostMetrics {
    const first = this.#atMs.findIndex((atMs) => atMs >= fromMs);
    const after = this.#atMs.findIndex((atMs) => atMs > toMs);
    const from = first === -1 ? this.#atMs.length : first;
    const to = after === -1 ? this.#atMs.length : after;
    const part = (column: Column): Column => column.slice(from, to);
    const gpus = [...this.#gpus].map(([uuid, columns]) => ({
      uuid,
      ...gpuColumns(columns.name, (figure) => part(columns[figure])),
    }));
    return {
      atMs: this.#atMs.slice(from, to),
      cpuPct: part(this.#host.cpuPct),
      memoryUsedBytes: part(this.#host.memoryUsedBytes),
      gpus: gpus.filter((gpu) => gpuFigures.some((figure) => gpu[figure].some((value) => value !== null))),
    };
  }

  #addGpu(gpu: GpuReading, before: number): void {
    const gap = (): Column => Array.from({ length: before }, () => null);
    const columns = this.#gpus.get(gpu.uuid) ?? gpuColumns(gpu.name, gap);
    columns.name = gpu.name;
    for (const figure of gpuFigures)
      if (columns[figure].length === before) columns[figure].push(metricValue(gpu[figure]));
    this.#gpus.set(gpu.uuid, columns);
  }

  #cut(nowMs: number): void {
    const { length } = this.#atMs;
    const fresh = this.#atMs.findIndex((atMs) => atMs >= nowMs - seriesAgeMs);
    const count = Math.max(fresh, length - seriesMaxReadings);
    if (count < cutStep) return;
    this.#atMs.splice(0, count);
    for (const figure of hostFigures) this.#host[figure].splice(0, count);
    for (const [uuid, columns] of this.#gpus) {
      for (const figure of gpuFigures) columns[figure].splice(0, count);
      if (gpuFigures.every((figure) => columns[figure].every((value) => value === null)))
        this.#gpus.delete(uuid);
    }
  }

  #clear(): void {
    this.replace({ atMs: [], cpuPct: [], memoryUsedBytes: [], gpus: [] });
  }
}

/** Readings of times that follow each other. */
function joined(parts: readonly HostMetrics[]): HostMetrics {
  const names = new Map(parts.flatMap(({ gpus }) => gpus.map(({ uuid, name }) => [uuid, name])));
  const gpuColumn = (uuid: string, figure: (typeof gpuFigures)[number]): Column =>
    parts.flatMap(
      ({ atMs, gpus }) => gpus.find((gpu) => gpu.uuid === uuid)?.[figure] ?? atMs.map(() => null),
    );
  return {
    atMs: parts.flatMap(({ atMs }) => atMs),
    cpuPct: parts.flatMap(({ cpuPct }) => cpuPct),
    memoryUsedBytes: parts.flatMap(({ memoryUsedBytes }) => memoryUsedBytes),
    gpus: [...names].map(([uuid, name]) => ({
      uuid,
      ...gpuColumns(name, (figure) => gpuColumn(uuid, figure)),
    })),
  };
}

function gpuColumns(name: string, column: (figure: (typeof gpuFigures)[number]) => Column): GpuColumns {
  return {
    name,
    utilizationPct: column("utilizationPct"),
    memoryUsedBytes: column("memoryUsedBytes"),
    temperatureC: column("temperatureC"),
    powerW: column("powerW"),
  };
}
