import { changedRows, type RowChange } from "./changedRows.ts";
import type { TreeRow } from "./treeRow.ts";

/** What the feed needs of the world. */
export interface RowFeedNeeds {
  /** The rows as they should look now. */
  rows: () => TreeRow[];
  /** Told what to draw anew; never while hidden, and never twice within `shortestMs`. */
  onChange: (change: Exclude<RowChange, { kind: "none" }>) => void;
  now: () => number;
  /** Calls back once after that many milliseconds; returns how to take it back. */
  after: (ms: number, run: () => void) => () => void;
}

/** Keeps a tree up to date without disturbing it: a live tree that is redrawn often loses its context menus. */
export interface RowFeed {
  /** The rows as last drawn. */
  readonly drawn: readonly TreeRow[];
  /** Something may have changed. */
  touch(): void;
  setVisible(visible: boolean): void;
  close(): void;
}

const shortestMs = 1_000;
/** Ages in the rows go on by themselves. */
const ageTickMs = 10_000;

/** Starts hidden and empty. */
export function createRowFeed(needs: RowFeedNeeds): RowFeed {
  let drawn: TreeRow[] = [];
  let isVisible = false;
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let cancelTimer: (() => void) | null = null;
  let dueAtMs = Number.POSITIVE_INFINITY;

  function schedule(ms: number): void {
    const atMs = needs.now() + ms;
    if (atMs >= dueAtMs) return;
    cancelTimer?.();
    dueAtMs = atMs;
    cancelTimer = needs.after(ms, draw);
  }

  function draw(): void {
    cancelTimer?.();
    cancelTimer = null;
    dueAtMs = Number.POSITIVE_INFINITY;
    if (!isVisible) return;
    const next = needs.rows();
    const change = changedRows(drawn, next);
    drawn = next;
    if (change.kind !== "none") {
      drawnAtMs = needs.now();
      needs.onChange(change);
    }
    schedule(ageTickMs);
  }

  return {
    get drawn() {
      return drawn;
    },
    touch() {
      if (!isVisible) return;
      const waitMs = drawnAtMs + shortestMs - needs.now();
      if (waitMs <= 0) draw();
      else schedule(waitMs);
    },
    setVisible(visible) {
      isVisible = visible;
      if (visible) return draw();
      cancelTimer?.();
      cancelTimer = null;
      dueAtMs = Number.POSITIVE_INFINITY;
    },
    close() {
      isVisible = false;
      cancelTimer?.();
    },
  };
}
