import type { Metric } from "../../metric.ts";

/** What a line of tegrastats says of the machine and its GPU. */
export interface TegraFigures {
  memoryUsedBytes: Metric;
  memoryTotalBytes: Metric;
  utilizationPct: Metric;
  /** Of the GPU's own sensor. */
  temperatureC: Metric;
  /** Of the rail that feeds the GPU, with what shares it. */
  powerW: Metric;
}

const mib = 1024 ** 2;

/**
 * Reads one line of `tegrastats`, of whatever release of L4T: with or without a date, `63%@[621]`, `45%` or `0%@114`, `GPU@` or
 * `gpu@`, `182/182` or `4667mW/4667mW`. Null where the line is none of its.
 */
export function parseTegrastatsLine(line: string): TegraFigures | null {
  const memory = /\bRAM (\d{1,8})\/(\d{1,8})MB\b/.exec(line);
  if (memory === null) return null;
  const used = Number(memory[1]) * mib;
  const total = Number(memory[2]) * mib;
  return {
    memoryUsedBytes: used <= total ? { value: used } : { unsupported: "error" },
    memoryTotalBytes: total > 0 ? { value: total } : { unsupported: "error" },
    utilizationPct: figure(line, /\bGR3D_FREQ (\d{1,4})%/, 100),
    temperatureC: figure(line, /\bgpu@(-?\d{1,3}(?:\.\d+)?)C\b/i, 250),
    powerW: figure(
      line,
      /\b(?:VDD_GPU_SOC|VDD_SYS_GPU|VDD_CPU_GPU_CV|VDD_GPU|GPU) (\d{1,7})(?:mW)?(?:\/\d+(?:mW)?)?(?=\s|$)/,
      20_000_000,
      1000,
    ),
  };
}

function figure(line: string, pattern: RegExp, max: number, divisor = 1): Metric {
  const match = pattern.exec(line);
  if (match === null) return { unsupported: "not-supported" };
  const value = Number(match[1]);
  return value > max ? { unsupported: "error" } : { value: value / divisor };
}
