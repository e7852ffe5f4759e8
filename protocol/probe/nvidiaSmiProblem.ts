/** What is wrong with the GPUs of a host, in a code to decide on and the tool's own words. */
export interface GpuProblem {
  code: GpuProblemCode;
  detail: string;
}

export const gpuProblemCodes = [
  "driver-not-loaded",
  /** The driver's package was updated under a running kernel module: the host needs a reboot. */
  "version-mismatch",
  "no-devices",
  "gpu-lost",
  "gpu-requires-reset",
  "blocked",
  "no-permission",
  "library-missing",
  "unknown-field",
  "inforom-corrupted",
  "nvml-unknown",
  "nvml-failed",
  /** The tool said something we do not know, beside its rows. */
  "tool-message",
  "tool-failed",
  /** The tool runs and says nothing. */
  "no-answer",
  /** A process of the tool hangs in the driver and cannot be ended; no second one is started. */
  "wedged",
  /** The GPU is switched off to save power and is left so. */
  "gpu-asleep",
] as const;
export type GpuProblemCode = (typeof gpuProblemCodes)[number];

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

const maxDetailLength = 500;

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

/** The PCI address in a sentence about one GPU, as `0000:02:00.0`; null when it names none. */
export function pciAddressIn(text: string): string | null {
  const match = /([0-9a-f]{4}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])/i.exec(text);
  return match === null ? null : match[0].toLowerCase();
}
