import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import type { FleetSession } from "../openFleetSession.ts";

/** What the ledger tells. `isFresh`: the newest events, on following it anew; what came before them may be missing. */
export interface LedgerNews {
  events: readonly LedgerEvent[];
  isFresh: boolean;
}

/** Follows the ledger of one session at a time, or of none. */
export interface LedgerFollow<S> {
  readonly session: S | null;
  follow(session: S | null): void;
}

/** Starts following nothing. */
export function createLedgerFollow<S extends Pick<FleetSession, "stream">>(
  onNews: (session: S, news: LedgerNews) => void,
): LedgerFollow<S> {
  let session: S | null = null;
  let stop: () => void = () => undefined;

  return {
    get session() {
      return session;
    },
    follow(next) {
      if (next === session) return;
      stop();
      session = next;
      stop = () => undefined;
      if (!next) return;
      stop = next.stream.subscribe("ledger", {
        onData(data, isFresh) {
          if (data.kind === "ledger" && next === session) onNews(next, { events: data.events, isFresh });
        },
      });
    },
  };
}
