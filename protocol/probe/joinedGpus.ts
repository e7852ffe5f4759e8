import type { GpuSnapshot } from "./gpuBoard.ts";
import { completedByTegra } from "./jetson/tegraTool.ts";
import { integratedNvidia } from "./nvidiaSmiRow.ts";

/** The GPUs of a host by all that tell of them, with the first of their problems: nvidia-smi, AMD's driver, another tool. */
export function joinedGpus(
  ofNvidia: GpuSnapshot,
  ofAmd: GpuSnapshot,
  ofTool: GpuSnapshot,
  isJetson: boolean,
): GpuSnapshot {
  const gpus = isJetson
    ? [...completedByTegra(ofNvidia.gpus, ofTool.gpus), ...ofAmd.gpus]
    : [...ofNvidia.gpus, ...ofAmd.gpus, ...ofTool.gpus];
  const problems = [ofNvidia.gpuProblem, ofAmd.gpuProblem, ofTool.gpuProblem];
  if (isNoMatter(ofNvidia, isJetson, gpus.length > 0)) problems.shift();
  return { gpus, gpuProblem: problems.find((problem) => problem !== null) ?? null };
}

/** That nvidia-smi finds nothing where there are others, or cannot tell of a Jetson, as those of some releases cannot. */
function isNoMatter(ofNvidia: GpuSnapshot, isJetson: boolean, areThereGpus: boolean): boolean {
  if (isJetson) return ofNvidia.gpus.every(({ uuid }) => uuid === integratedNvidia);
  if (ofNvidia.gpus.length > 0) return false;
  return ofNvidia.gpuProblem?.code === "no-devices" && areThereGpus;
}
