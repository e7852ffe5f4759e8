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

/** Longest text of a tool that is kept. */
export const maxDetailLength = 500;
