/** What a feed needs of the world. */
export interface SnapshotFeedNeeds<M> {
  /** What should be shown now, whole. */
  model: () => M;
  /** Told the newest model; never while the page is hidden or not ready, and never the same twice in a row. */
  post: (model: M) => void;
  now: () => number;
  /** Calls back once after that many milliseconds; returns how to take it back. */
  after: (ms: number, run: () => void) => () => void;
  /** Least time between two posts, in milliseconds; a large model is given longer. Default 100. */
  shortestMs?: (model: M) => number;
}

/** Keeps a page up to date with whole snapshots: one that was hidden or came late takes the newest and has missed nothing. */
export interface SnapshotFeed {
  /** Something may have changed. */
  touch(): void;
  /** The page has loaded, perhaps anew: it knows nothing. */
  ready(): void;
  /** A hidden page forgets everything; it says when it has loaded again. */
  hide(): void;
}

const leastMs = 100;
/** Ages in the model go on by themselves. */
const ageTickMs = 10_000;

/** Starts silent, until the page is ready. */
export function createSnapshotFeed<M>(needs: SnapshotFeedNeeds<M>): SnapshotFeed {
  let isReady = false;
  let posted = "";
  let openAtMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let dueAtMs = Number.POSITIVE_INFINITY;

  function schedule(atMs: number): void {
    if (atMs >= dueAtMs) return;
    cancel?.();
    dueAtMs = atMs;
    cancel = needs.after(Math.max(0, atMs - needs.now()), draw);
  }

  function rest(): void {
    cancel?.();
    cancel = null;
    dueAtMs = Number.POSITIVE_INFINITY;
  }

  function draw(): void {
    rest();
    if (!isReady) return;
    const model = needs.model();
    const text = JSON.stringify(model);
    if (text !== posted) {
      posted = text;
      openAtMs = needs.now() + Math.max(leastMs, needs.shortestMs?.(model) ?? 0);
      needs.post(model);
    }
    schedule(needs.now() + ageTickMs);
  }

  return {
    touch() {
      if (!isReady) return;
      if (needs.now() >= openAtMs) draw();
      else schedule(openAtMs);
    },
    ready() {
      isReady = true;
      posted = "";
      draw();
    },
    hide() {
      isReady = false;
      rest();
    },
  };
}
