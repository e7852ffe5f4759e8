import type { MachineFacts } from "./machineFacts.ts";
import type { Summary } from "./summary.ts";

/** Times of one way to do it. `perSecond` is the throughput where that is what counts, in the figure's `unit`. */
export interface Measured extends Summary {
  name: string;
  perSecond?: number;
}

/** A counterpart that was measured, or why it could not be. */
export type Counterpart =
  ({ kind: "measured" } & Measured) | { kind: "unavailable"; name: string; reason: string };

/** Whether a target of the project was reached. `met` is null when its counterpart is missing. */
export interface Target {
  text: string;
  value: number | null;
  limit: number;
  met: boolean | null;
}

/** One figure beside its counterparts, measured in the same rounds. */
export interface Figure {
  id: string;
  title: string;
  /** What `perSecond` counts, where the figure has it. */
  unit?: string;
  ours: Measured[];
  counterparts: Counterpart[];
  /**
   * The first of `ours`, or what it is the counterpart of, divided by the counterpart: of times, or of throughput where
   * there is one; of memory where that is the figure.
   */
  ratios: { to: string; of: "p50" | "p95" | "throughput" | "memory"; value: number }[];
  targets: Target[];
  /** Parts of the first of `ours`, for the search after lost time. */
  parts?: Measured[];
  /** Memory of processes or of what they hold, medians over the rounds: ours first, then the counterparts. */
  memory?: { name: string; p50Bytes: number }[];
}

/** Size of the packaged extension. */
export type SizeFigure =
  | { kind: "measured"; file: string; bytes: number; limitBytes: number; met: boolean }
  | { kind: "unavailable"; reason: string; limitBytes: number };

/** The document that the bench writes. */
export interface BenchReport {
  schema: 1;
  startedAtMs: number;
  tookMs: number;
  quick: boolean;
  machine: MachineFacts;
  figures: Figure[];
  vsix: SizeFigure;
  /** Figures that could not be measured at all. */
  failures: { id: string; reason: string }[];
}
