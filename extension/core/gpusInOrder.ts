import type { GpuReading } from "../../protocol/reading.ts";

/** GPUs by their index, the instances of a divided one after it. */
export function gpusInOrder(gpus: readonly GpuReading[]): GpuReading[] {
  const indexes = new Map(gpus.map(({ uuid, index }) => [uuid, index]));
  const key = ({ index, uuid, division }: GpuReading): readonly [number, string, number] =>
    division.kind === "instance" ? [indexes.get(division.of) ?? 0, division.of, 1] : [index ?? 0, uuid, 0];
  return gpus
    .map((gpu) => ({ gpu, key: key(gpu) }))
    .sort(({ key: a }, { key: b }) => a[0] - b[0] || a[1].localeCompare(b[1]) || a[2] - b[2])
    .map(({ gpu }) => gpu);
}
