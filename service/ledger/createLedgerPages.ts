import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import type { Sqlite } from "../store/openStore.ts";
import { eventOfRow, type EventRow } from "./createLedger.ts";

/** Which events: the first `limit` after a sequence number, or, without one, the newest `limit`. */
export interface LedgerQuery {
  limit: number;
  after?: number | undefined;
  /** Only those before this sequence number. */
  before?: number | undefined;
  /** Only those with this text in type, actor or payload; of ASCII letters the case does not matter. */
  contains?: string | undefined;
}

/** Reads a page of the events that fit, oldest first. */
export type LedgerPages = (query: LedgerQuery) => LedgerEvent[];

const pageSql = (order: "ASC" | "DESC", filter: string) =>
  `SELECT * FROM events WHERE seq > @after AND seq < @before ${filter} ORDER BY seq ${order} LIMIT @limit`;
const contains = String.raw`
  AND (type LIKE @text ESCAPE '\' OR actor LIKE @text ESCAPE '\' OR payload LIKE @json ESCAPE '\')`;

/** Prepares the queries. */
export function createLedgerPages(db: Sqlite): LedgerPages {
  const select = {
    oldest: db.prepare<[object], EventRow>(pageSql("ASC", "")),
    newest: db.prepare<[object], EventRow>(pageSql("DESC", "")),
    oldestWith: db.prepare<[object], EventRow>(pageSql("ASC", contains)),
    newestWith: db.prepare<[object], EventRow>(pageSql("DESC", contains)),
  };
  return (query) => {
    const isForward = query.after !== undefined;
    const range = {
      limit: query.limit,
      after: query.after ?? Number.MIN_SAFE_INTEGER,
      before: query.before ?? Number.MAX_SAFE_INTEGER,
    };
    const rows =
      query.contains === undefined
        ? select[isForward ? "oldest" : "newest"].all(range)
        : select[isForward ? "oldestWith" : "newestWith"].all({
            ...range,
            text: likePattern(query.contains),
            json: likePattern(asInJson(query.contains)),
          });
    const events = rows.map(eventOfRow);
    return isForward ? events : events.reverse();
  };
}

/** A LIKE pattern that finds exactly this text, wildcards included. */
function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

/** Payloads are JSON: quotes, backslashes and line feeds stand in them escaped. */
function asInJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
