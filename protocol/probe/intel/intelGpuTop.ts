import type { Metric } from "../../metric.ts";
import { firstFigure, isRecord, looseFigure, valueAt } from "../looseFigure.ts";

/** What a sample of `intel_gpu_top -J` says; it knows nothing of memory. */
export interface IntelGpuTopSample {
  /** Of the engine that has most to do. */
  utilizationPct: Metric;
  powerW: Metric;
}

/** The counters of an engine may say a little more than all of the time. */
const overshootPct = 5;

/** Reads one sample. Null where the value is none. The first of a run is meaningless: leave it out. */
export function intelGpuTopSample(value: unknown): IntelGpuTopSample | null {
  const engines = valueAt(value, "engines");
  if (!isRecord(engines)) return null;
  const busy = Object.values(engines).map((engine) =>
    looseFigure(valueAt(engine, "busy"), { min: 0, max: 100 + overshootPct }),
  );
  const figures = busy.flatMap((metric) => ("value" in metric ? [metric.value] : []));
  return {
    utilizationPct: figures.length === 0 ? firstFigure(busy) : { value: Math.min(100, Math.max(...figures)) },
    powerW: looseFigure(valueAt(value, "power", "GPU"), { min: 0, max: 20_000 }),
  };
}
