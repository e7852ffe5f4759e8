import type { GpuHealth, GpuReading } from "../reading.ts";

/** Of a GPU whose tool says neither whether it is sound nor what holds it down, nor that it is divided. */
export const nothingSaid: Pick<GpuReading, "health" | "throttle" | "division"> = {
  health: { kind: "unknown" },
  throttle: null,
  division: { kind: "whole" },
};

/** A GPU that is not sound for one reason. */
export function faultOf(code: string, text: string): GpuHealth {
  return { kind: "fault", reasons: [{ code, text }] };
}

/** The health of a GPU of which figures were and are not any more; `why` as for those who ask who uses it. */
export function healthWithoutFigures(why: string): GpuHealth {
  switch (why) {
    case "gpu-lost":
      return faultOf(why, "it is lost: it does not answer its driver");
    case "gpu-requires-reset":
      return faultOf("requires-reset", "it needs a reset");
    default:
      return { kind: "unknown" };
  }
}

/** By a count of memory errors that could not be corrected. */
export function healthByErrors(errors: number): GpuHealth {
  if (errors === 0) return { kind: "ok" };
  const text = errors === 1 ? "1 memory error" : `${errors} memory errors`;
  return faultOf("ecc-uncorrected", `${text} that could not be corrected since its driver was loaded`);
}
