import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { HostMetrics } from "../../protocol/hostMetrics.ts";
import { columnsOf, pointsOf, type MetricPoint } from "./metricPoint.ts";

/** A piece that unpacks to more is none of ours. */
const maxBytes = 64 * 1024 ** 2;

/** Points as they lie in a file: columns in JSON, compressed; in order. */
export function packed(points: readonly MetricPoint[]): Buffer {
  const inOrder = [...points].sort((a, b) => a.atMs - b.atMs);
  return deflateRawSync(JSON.stringify(columnsOf(inOrder)));
}

/** The points of a piece; none where it is damaged. */
export function unpacked(body: Buffer): MetricPoint[] {
  try {
    const text = inflateRawSync(body, { maxOutputLength: maxBytes }).toString("utf8");
    // Not parsed by the schema, which takes as long as the rest together: what we packed is as we packed it.
    return pointsOf(JSON.parse(text) as HostMetrics);
  } catch {
    return [];
  }
}
