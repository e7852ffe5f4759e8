import type { Ledger } from "../ledger/createLedger.ts";
import type { Store } from "../store/openStore.ts";

/** Somebody who was refused. */
export interface RefusedAccess {
  /** Name of a member, else address of somebody unknown. */
  from: string;
  /** Code of the problem that was answered. */
  code: string;
  /** What was asked for: `GET /v1/hosts`, `subscribe prompts`. */
  request: string;
}

/** What refusals are written down with. */
export interface RefusalsNeeds {
  store: Pick<Store, "transact">;
  ledger: Pick<Ledger, "append">;
  onChange: () => void;
  /** Told of what could not be written. */
  log: (message: string, error: unknown) => void;
}

/** Writes into the ledger who was refused. */
export interface Refusals {
  note(refused: RefusedAccess): void;
  /** Writes what is still counted, and stops. */
  close(): void;
}

const windowMs = 60_000;

/** Most who are counted apart in one window; all further ones count as one, so that addresses without end fill nothing. */
const mostApart = 50;

/**
 * A ledger that nobody can fill: of the same refusal to the same address or member the first is written at once, and
 * those of the minute that follows as one event with their number.
 */
export function createRefusals({ store, ledger, onChange, log }: RefusalsNeeds): Refusals {
  const counted = new Map<string, { refused: RefusedAccess; more: number; timer: NodeJS.Timeout }>();

  function write({ from, code, request }: RefusedAccess, count: number): void {
    try {
      store.transact((afterCommit) => {
        afterCommit(onChange);
        const payload = { from, code, request: request.slice(0, 200), count };
        ledger.append({ type: "access.refused", actor: "service", payload });
      });
    } catch (error) {
      log("a refusal could not be written into the ledger", error);
    }
  }

  function end(key: string): void {
    const entry = counted.get(key);
    counted.delete(key);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    if (entry.more > 0) write(entry.refused, entry.more);
  }

  return {
    note(given) {
      const known = counted.has(keyOf(given)) || counted.size < mostApart;
      const refused = known ? given : { ...given, from: "others" };
      const key = keyOf(refused);
      const entry = counted.get(key);
      if (entry !== undefined) {
        entry.more += 1;
        entry.refused = refused;
        return;
      }
      const timer = setTimeout(() => end(key), windowMs);
      timer.unref();
      counted.set(key, { refused, more: 0, timer });
      write(refused, 1);
    },
    close() {
      for (const key of [...counted.keys()]) end(key);
    },
  };
}

function keyOf({ from, code }: RefusedAccess): string {
  return `${code} ${from}`;
}
