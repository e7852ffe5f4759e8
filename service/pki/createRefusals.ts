import type { Ledger } from "../ledger/createLedger.ts";
import type { Store } from "../store/openStore.ts";

/** Somebody who was refused. */
export interface RefusedAccess {
  /** Name of a member, else address of a stranger. */
  from: string;
  isMember: boolean;
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
  limits?: RefusalLimits;
  /** Told of what could not be written. */
  log: (message: string, error: unknown) => void;
}

/** Writes into the ledger who was refused. */
export interface Refusals {
  note(refused: RefusedAccess): void;
  /** Writes what is still counted, and stops. */
  close(): void;
}

/** How much refusals may write. Tests make it smaller. */
export interface RefusalLimits {
  /** So long the same refusal to the same one is counted together. */
  windowMs: number;
  /** Most addresses of strangers, with a code each, that are told apart at a time; all further ones are `others`. */
  strangersApart: number;
  /** Most events that name a stranger's address in a day. */
  strangerEventsPerDay: number;
}

const usualLimits: RefusalLimits = { windowMs: 60_000, strangersApart: 20, strangerEventsPerDay: 1_000 };

const dayMs = 86_400_000;

/** Windows that `others` are counted together for once the day's events are spent. */
const windowsWhenSpent = 60;

/**
 * A ledger that nobody can fill: of the same refusal to the same address or member the first is written at once, and
 * those of the minute that follows as one event with their number. Members, of whom there are only so many, are named
 * whatever strangers do; strangers beyond their limits count as one, once these are spent for an hour at a time.
 */
export function createRefusals(needs: RefusalsNeeds): Refusals {
  const { store, ledger, onChange, log, limits = usualLimits } = needs;
  const counted = new Map<string, { refused: RefusedAccess; more: number; timer: NodeJS.Timeout }>();
  let strangersApart = 0;
  let strangerEvents = 0;
  const days = setInterval(() => (strangerEvents = 0), dayMs);
  days.unref();

  function write(refused: RefusedAccess, count: number): void {
    if (isNamedStranger(refused)) strangerEvents += 1;
    const { from, code, request } = refused;
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
    if (isNamedStranger(entry.refused)) strangersApart -= 1;
    if (entry.more > 0) write(entry.refused, entry.more);
  }

  return {
    note(given) {
      const isSpent = strangerEvents >= limits.strangerEventsPerDay;
      const isNamed =
        given.isMember || counted.has(keyOf(given)) || (strangersApart < limits.strangersApart && !isSpent);
      const refused = isNamed ? given : { ...given, from: others };
      const key = keyOf(refused);
      const entry = counted.get(key);
      if (entry !== undefined) {
        entry.more += 1;
        entry.refused = refused;
        return;
      }
      const windows = refused.from === others && isSpent ? windowsWhenSpent : 1;
      const timer = setTimeout(() => end(key), windows * limits.windowMs);
      timer.unref();
      if (isNamedStranger(refused)) strangersApart += 1;
      counted.set(key, { refused, more: 0, timer });
      write(refused, 1);
    },
    close() {
      clearInterval(days);
      for (const key of [...counted.keys()]) end(key);
    },
  };
}

/** Who stands for strangers that are not told apart. */
const others = "others";

function isNamedStranger({ isMember, from }: RefusedAccess): boolean {
  return !isMember && from !== others;
}

function keyOf({ from, isMember, code }: RefusedAccess): string {
  return `${code} ${isMember ? "member" : "address"} ${from}`;
}
