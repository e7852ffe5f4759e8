import type { HostMetrics } from "../../protocol/hostMetrics.ts";
import { metricValue } from "../../protocol/metric.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";

type Figure = number | null;
const gpuFigures = ["utilizationPct", "memoryUsedBytes", "temperatureC", "powerW"] as const;
type GpuFigures = Record<(typeof gpuFigures)[number], Figure>;

/** What a GPU did in a step of time. */
export type MetricOfGpu = { name: string } & GpuFigures;

/** What a host did in a step of time: one that begins then. */
export interface MetricPoint {
  atMs: number;
  cpuPct: Figure;
  memoryUsedBytes: Figure;
  gpus: ReadonlyMap<string, MetricOfGpu>;
}

/** A reading as a point of its own. */
export function pointOf(reading: HostReading): MetricPoint {
  return {
    atMs: reading.atMs,
    cpuPct: metricValue(reading.cpuPct),
    memoryUsedBytes: metricValue(reading.memoryUsedBytes),
    gpus: new Map(reading.gpus.map((gpu) => [gpu.uuid, { name: gpu.name, ...figuresOf(gpu) }])),
  };
}

/**
 * One point for several: load and power on average, memory and temperature at their highest, each of those points that have
 * the figure. What none has stays open.
 */
export function rolledUp(atMs: number, points: readonly MetricPoint[]): MetricPoint {
  const uuids = new Set(points.flatMap(({ gpus }) => [...gpus.keys()]));
  const gpus = [...uuids].map((uuid) => {
    const parts = points.flatMap((point) => point.gpus.get(uuid) ?? []);
    const column = (figure: keyof GpuFigures): Figure[] => parts.map((part) => part[figure]);
    return [
      uuid,
      {
        name: parts.at(-1)?.name ?? "",
        utilizationPct: mean(column("utilizationPct")),
        memoryUsedBytes: highest(column("memoryUsedBytes")),
        temperatureC: highest(column("temperatureC")),
        powerW: mean(column("powerW")),
      },
    ] as const;
  });
  return {
    atMs,
    cpuPct: mean(points.map(({ cpuPct }) => cpuPct)),
    memoryUsedBytes: highest(points.map(({ memoryUsedBytes }) => memoryUsedBytes)),
    gpus: new Map(gpus),
  };
}

/** Points in columns, as they are answered and stored; GPUs without any figure are left out. */
export function columnsOf(points: readonly MetricPoint[]): HostMetrics {
  const names = new Map(points.flatMap(({ gpus }) => [...gpus].map(([uuid, { name }]) => [uuid, name])));
  const gpus = [...names].map(([uuid, name]) => {
    const column = (figure: keyof GpuFigures): Figure[] =>
      points.map((point) => point.gpus.get(uuid)?.[figure] ?? null);
    return {
      uuid,
      name,
      utilizationPct: column("utilizationPct"),
      memoryUsedBytes: column("memoryUsedBytes"),
      temperatureC: column("temperatureC"),
      powerW: column("powerW"),
    };
  });
  return {
    atMs: points.map(({ atMs }) => atMs),
    cpuPct: points.map(({ cpuPct }) => cpuPct),
    memoryUsedBytes: points.map(({ memoryUsedBytes }) => memoryUsedBytes),
    gpus: gpus.filter((gpu) => gpuFigures.some((figure) => gpu[figure].some((value) => value !== null))),
  };
}

/** Columns as points. */
export function pointsOf({ atMs, cpuPct, memoryUsedBytes, gpus }: HostMetrics): MetricPoint[] {
  return atMs.map((at, index) => ({
    atMs: at,
    cpuPct: cpuPct[index] ?? null,
    memoryUsedBytes: memoryUsedBytes[index] ?? null,
    gpus: new Map(
      gpus.map((gpu) => {
        const figure = (name: keyof GpuFigures): Figure => gpu[name][index] ?? null;
        return [
          gpu.uuid,
          {
            name: gpu.name,
            utilizationPct: figure("utilizationPct"),
            memoryUsedBytes: figure("memoryUsedBytes"),
            temperatureC: figure("temperatureC"),
            powerW: figure("powerW"),
          },
        ];
      }),
    ),
  }));
}

/** Points put together in steps of time, in order. */
export function inSteps(points: readonly MetricPoint[], stepMs: number): MetricPoint[] {
  const steps = Map.groupBy(points, ({ atMs }) => beginOf(atMs, stepMs));
  return [...steps].sort(([a], [b]) => a - b).map(([atMs, members]) => rolledUp(atMs, members));
}

/** When the step began that a time is in. */
export function beginOf(atMs: number, stepMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs;
}

function figuresOf(gpu: GpuReading): GpuFigures {
  return {
    utilizationPct: metricValue(gpu.utilizationPct),
    memoryUsedBytes: metricValue(gpu.memoryUsedBytes),
    temperatureC: metricValue(gpu.temperatureC),
    powerW: metricValue(gpu.powerW),
  };
}

function mean(figures: readonly Figure[]): Figure {
  const known = figures.filter((figure) => figure !== null);
  if (known.length === 0) return null;
  return Math.round((known.reduce((sum, figure) => sum + figure, 0) / known.length) * 10) / 10;
}

function highest(figures: readonly Figure[]): Figure {
  const known = figures.filter((figure) => figure !== null);
  return known.length === 0 ? null : Math.max(...known);
}
