import { maxDetailLength, type GpuProblem, type GpuProblemCode } from "./gpuProblem.ts";

const sentencePatterns: readonly (readonly [RegExp, GpuProblemCode])[] = [
  [/driver\/library version mismatch/i, "version-mismatch"],
  [/couldn't communicate with the nvidia driver|driver not loaded/i, "driver-not-loaded"],
  [/access blocked by the operating system/i, "blocked"],
  [/no devices were found/i, "no-devices"],
  [/unable to determine the device handle|gpu is lost/i, "gpu-lost"],
  [/requires reset/i, "gpu-requires-reset"],
  [/is not a valid field to query/i, "unknown-field"],
  [/insufficient permissions/i, "no-permission"],
  [/libnvidia-ml|shared library not found/i, "library-missing"],
  [/inforom is corrupted/i, "inforom-corrupted"],
  [/failed to initialize nvml: unknown error/i, "nvml-unknown"],
  [/failed to initialize nvml/i, "nvml-failed"],
];

/** nvidia-smi ends with the nvmlReturn_t of what went wrong (its man page). */
const exitCodes: ReadonlyMap<number, GpuProblemCode> = new Map([
  [2, "unknown-field"],
  [4, "no-permission"],
  [6, "no-devices"],
  [9, "driver-not-loaded"],
  [12, "library-missing"],
  [14, "inforom-corrupted"],
  [15, "gpu-lost"],
  [16, "gpu-requires-reset"],
  [17, "blocked"],
  [18, "version-mismatch"],
]);

/**
 * What the tool's sentences and its exit code (null while it runs) say is wrong; null when nothing is.
 * Words come before the code: the code is one number for several things.
 */
export function nvidiaSmiProblem(sentences: readonly string[], exitCode: number | null): GpuProblem | null {
  const words = sentences.map((sentence) => sentence.trim()).filter((text) => !/^$|^[+|]/.test(text));
  const detail = words.join("; ").slice(0, maxDetailLength);
  for (const [pattern, code] of sentencePatterns) {
    if (words.some((text) => pattern.test(text))) return { code, detail };
  }
  if (exitCode !== null && exitCode !== 0) {
    const ended = `nvidia-smi ended with ${exitCode}`;
    return {
      code: exitCodes.get(exitCode) ?? "tool-failed",
      detail: detail === "" ? ended : `${detail}; ${ended}`,
    };
  }
  return words.length === 0 ? null : { code: "tool-message", detail };
}
