import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metric } from "../../protocol/metric.ts";
import type { GpuFigures } from "../../protocol/probe/gpuFigures.ts";

/** What came out of each captured file of a tool, by the file's name. */
export type Expected = Readonly<Record<string, readonly string[]>>;

/** Declares a test for each file in a folder of captures: all of them, and no others, are named. */
export function eachCapture(folder: string, expected: Expected, outcome: (text: string) => string[]): void {
  const root = process.env["HWLEDGER_CAPTURES"];
  if (root === undefined) throw new Error("HWLEDGER_CAPTURES names no folder");
  const directory = join(root, folder);
  it(`${folder}: every file is named here`, () => {
    assert.deepEqual(Object.keys(expected).sort(), readdirSync(directory).sort());
  });
  for (const [file, lines] of Object.entries(expected)) {
    it(`${folder}/${file}: ${lines.join(" / ").slice(0, 300)}`, () => {
      assert.deepEqual(outcome(readFileSync(join(directory, file), "utf8")), lines);
    });
  }
}

/** A GPU in words, without the figures that its tool was not asked for. */
export function gpuInWords(gpu: Partial<GpuFigures>): string {
  const figures: [string, Metric | undefined, string][] = [
    ["of", gpu.memoryTotalBytes, "B"],
    ["used", gpu.memoryUsedBytes, "B"],
    ["load", gpu.utilizationPct, "%"],
    ["", gpu.temperatureC, "°C"],
    ["", gpu.powerW, "W"],
    ["limit", gpu.powerLimitW, "W"],
  ];
  const words = figures.flatMap(([word, metric, unit]) => {
    if (metric === undefined || ("unsupported" in metric && metric.unsupported === "unknown-field"))
      return [];
    return `${word} ${"value" in metric ? metric.value : metric.unsupported} ${unit}`.trim();
  });
  const { uuid, name, driverVersion, memoryKind } = gpu;
  const driver = driverVersion === null || driverVersion === undefined ? [] : [`driver ${driverVersion}`];
  const kind = memoryKind === "unified" ? ["unified"] : [];
  return [name, uuid, ...driver, ...kind, ...words].filter((word) => word !== undefined).join(", ");
}

/** A metric in words. */
export function metricInWords(metric: Metric): string {
  return "value" in metric ? String(metric.value) : metric.unsupported;
}
