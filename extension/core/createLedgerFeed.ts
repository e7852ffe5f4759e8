import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import { problemOfError } from "../../protocol/problem.ts";
import { emptyLedger, type LedgerState, type Verification } from "./ledgerRows.ts";
import type { FleetSession } from "./openFleetSession.ts";
import { sharedRun } from "./sharedRun.ts";

/** What the Ledger view shows of one session, kept up to date while it is in sight. */
export interface LedgerFeed {
  readonly state: LedgerState;
  readonly filter: string;
  /** Follows the ledger while in sight, and nothing while not. */
  setVisible(visible: boolean): void;
  /** Keeps out events without this text; empty: none. */
  setFilter(filter: string): Promise<void>;
  /** Fulfils with whether events came; they do not where all are shown. */
  showOlder(): Promise<boolean>;
  /**
   * Has the service recompute the whole chain; null while that is under way already. Given up by the signal, it rejects with
   * an `AbortError`.
   */
  verify(signal?: AbortSignal): Promise<RouteAnswer<"verifyLedger"> | null>;
  /** Takes a verdict that was asked for through an earlier connection. */
  takeVerdict(verdict: RouteAnswer<"verifyLedger">): void;
  close(): void;
}

export interface LedgerFeedNeeds {
  session: Pick<FleetSession, "client" | "stream">;
  now: () => number;
  onChange: () => void;
  /** What an earlier feed of the same fleet knew. */
  known?: LedgerState;
  /** The filter to begin with; nothing is asked until the view is in sight. */
  filter?: string;
}

const pageEvents = 100;
/** News push the oldest out beyond this many; they can be asked for again. */
const mostEvents = 5_000;

export function createLedgerFeed({
  session,
  now,
  onChange,
  known = emptyLedger,
  filter = "",
}: LedgerFeedNeeds): LedgerFeed {
  // Whoever was verifying is gone.
  let state: LedgerState = { ...known, verification: lastVerdict(known.verification) };
  let unfollow: (() => void) | null = null;
  let isClosed = false;
  /** Pages that come after the filter has changed again are passed over. */
  let round = 0;

  function set(next: Partial<LedgerState>): void {
    if (isClosed) return;
    state = { ...state, ...next };
    onChange();
  }

  async function page(before: number | null): Promise<{ events: LedgerEvent[]; total: number }> {
    const { events, total } = await session.client.call("listLedger", {
      query: {
        limit: pageEvents,
        ...(before === null ? {} : { before }),
        ...(filter === "" ? {} : { contains: filter }),
      },
    });
    return { events: events.toReversed(), total };
  }

  async function reread(): Promise<void> {
    round += 1;
    const mine = round;
    const { events, total } = await page(null);
    if (mine === round) set({ filter, events, total, hasOlder: events.length === pageEvents });
  }

  /** News of the whole ledger. Filtered, it only says that there is something to ask for. */
  function take(events: readonly LedgerEvent[], whole: boolean): void {
    const total = Math.max(state.total, ...events.map(({ seq }) => seq));
    // What passed another filter has holes: nothing can be put on top of it.
    if (filter !== "" || state.filter !== "") {
      set({ total });
      void reread().catch(() => undefined); // the banner says that there is no contact
      return;
    }
    // A snapshot after a break carries on what is shown where it reaches back to it.
    const reachesBack = (events[0]?.seq ?? 1) <= (state.events[0]?.seq ?? 0) + 1;
    const known = whole && !reachesBack ? [] : state.events;
    const newest = known[0]?.seq ?? 0;
    const fresh = events.filter(({ seq }) => seq > newest).toReversed();
    const shown = [...fresh, ...known].slice(0, mostEvents);
    set({ events: shown, total, hasOlder: (shown.at(-1)?.seq ?? 1) > 1 });
  }

  const showOlder = sharedRun(async () => {
    const mine = round;
    const last = state.events.at(-1);
    if (last === undefined || state.filter !== filter) {
      await reread();
      return state.events.length > 0;
    }
    const { events, total } = await page(last.seq);
    if (mine === round)
      set({ events: [...state.events, ...events], total, hasOlder: events.length === pageEvents });
    return events.length > 0;
  });

  function takeVerdict(verdict: RouteAnswer<"verifyLedger">): void {
    const verification = { kind: "done", atMs: now(), verdict } as const;
    set({ verification, total: Math.max(state.total, verdict.events) });
  }

  return {
    takeVerdict,
    get state() {
      return state;
    },
    get filter() {
      return filter;
    },
    setVisible(visible) {
      if (!visible) {
        unfollow?.();
        unfollow = null;
        return;
      }
      unfollow ??= session.stream.subscribe("ledger", {
        onData(data, whole) {
          if (data.kind === "ledger") take(data.events, whole);
        },
      });
    },
    async setFilter(next) {
      filter = next.trim();
      await reread();
    },
    showOlder,
    async verify(signal) {
      if (state.verification.kind === "running") return null;
      const before = state.verification;
      set({ verification: { kind: "running", ...(before.kind === "done" ? { before } : {}) } });
      try {
        const verdict = await session.client.call("verifyLedger", undefined, {
          silenceMs: 300_000,
          ...(signal ? { signal } : {}),
        });
        takeVerdict(verdict);
        return verdict;
      } catch (error) {
        const { title } = problemOfError(error);
        const keepsBefore = before.kind === "done" || signal?.aborted;
        set({ verification: keepsBefore ? before : { kind: "failed", atMs: now(), reason: title } });
        throw error;
      }
    },
    close() {
      isClosed = true;
      unfollow?.();
    },
  };
}

/** What is known of the chain, where a verification under way is over with its connection. */
function lastVerdict(verification: Verification): Verification {
  const last = verification.kind === "running" ? verification.before : verification;
  return last?.kind === "done" ? last : { kind: "none" };
}
