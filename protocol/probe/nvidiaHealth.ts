import type { GpuHealth } from "../reading.ts";
import { healthByErrors } from "./gpuHealth.ts";
import { cellReason } from "./nvidiaSmiCell.ts";

type Reason = Extract<GpuHealth, { kind: "fault" }>["reasons"][number];
/** What one cell says: a fault, that all is well, or nothing. */
type Word = Reason | "well" | null;

const recoveries = /^(gpu )?(reset|reboot|node reboot|drain)\b/i;

/**
 * Whether a GPU is sound, by the cells of its row: by what its sensors answer, and by what the driver counts and asks for.
 * `ok` takes a cell that says so, and none that failed.
 */
export function nvidiaHealth(cells: ReadonlyMap<string, string>): GpuHealth {
  const texts = [...cells.values()];
  const words: Word[] = [
    stateOf(texts),
    errorsIn(cells.get("ecc.errors.uncorrected.volatile.total")),
    yesOrNo(
      cells.get("remapped_rows.failure"),
      "row-remap-failed",
      "a bad row of its memory has no replacement",
    ),
    yesOrNo(
      cells.get("remapped_rows.pending"),
      "row-remap-pending",
      "a bad row of its memory is replaced at a reset",
    ),
    yesOrNo(
      cells.get("retired_pages.pending"),
      "page-retirement-pending",
      "bad pages of its memory are taken out of use at a reboot",
    ),
    recoveryIn(cells.get("gpu_recovery_action")),
  ];
  const reasons = words.filter((word): word is Reason => word !== null && word !== "well");
  if (reasons.length > 0) return { kind: "fault", reasons };
  const isInDoubt = texts.some((cell) => cellReason(cell) === "error");
  return { kind: words.includes("well") && !isInDoubt ? "ok" : "unknown" };
}

const throttleBits: readonly (readonly [number, string])[] = [
  [0x4, "power-cap"],
  [0x8, "hw-slowdown"],
  [0x10, "sync-boost"],
  [0x20, "thermal"],
  [0x40, "hw-thermal"],
  [0x80, "power-brake"],
];
/** Idle, and clocks that were set for programs or the display: nothing holds the GPU down. */
const noThrottleBits = 0x1 | 0x2 | 0x100;

/** What holds the clocks down, by the mask of `clocks_event_reasons.active` (nvml.h); null where the cell is none. */
export function nvidiaThrottle(cell: string | undefined): string[] | null {
  const digits = /^0x([0-9a-f]{1,16})$/i.exec(cell?.trim() ?? "")?.[1];
  if (digits === undefined) return null;
  const low = parseInt(digits.slice(-4), 16);
  const known = throttleBits.reduce((mask, [bit]) => mask | bit, noThrottleBits);
  const isMore = (low & ~known) !== 0 || /[1-9a-f]/i.test(digits.slice(0, -4));
  const codes = throttleBits.filter(([bit]) => (low & bit) !== 0).map(([, code]) => code);
  return isMore ? [...codes, "other"] : codes;
}

function stateOf(cells: readonly string[]): Word {
  const said = (pattern: RegExp) => cells.some((cell) => pattern.test(cell.trim()));
  if (said(/^\[?gpu is lost\]?$/i))
    return { code: "gpu-lost", text: "it is lost: it does not answer its driver" };
  if (said(/^\[?gpu requires reset\]?$/i)) return { code: "requires-reset", text: "it needs a reset" };
  if (said(/^\[?err!\]?$/i)) return { code: "sensor-error", text: "its sensors do not answer (ERR!)" };
  return null;
}

function errorsIn(cell: string | undefined): Word {
  if (cell === undefined || !/^\d{1,15}$/.test(cell.trim())) return null;
  const health = healthByErrors(Number(cell));
  return health.kind === "fault" ? (health.reasons[0] ?? null) : "well";
}

function yesOrNo(cell: string | undefined, code: string, text: string): Word {
  if (cell === undefined) return null;
  if (/^yes$/i.test(cell.trim())) return { code, text };
  return /^no$/i.test(cell.trim()) ? "well" : null;
}

function recoveryIn(cell: string | undefined): Word {
  const action = cell?.trim() ?? "";
  if (/^none$/i.test(action)) return "well";
  if (!recoveries.test(action)) return null;
  return { code: "recovery-needed", text: `its driver asks for this: ${action.slice(0, 60)}` };
}
