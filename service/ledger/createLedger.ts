import { hash } from "node:crypto";
import { canonicalJson, eventHash, genesisHash } from "../../protocol/ledger/chain.ts";
import type { LedgerEvent, NewEvent } from "../../protocol/ledger/events.ts";
import type { Sqlite } from "../store/openStore.ts";
import { createLedgerPages, type LedgerPages } from "./createLedgerPages.ts";

/** Version of the event payloads' schema, recorded in each event. */
export const eventSchemaVersion = 1;

/** The append-only, hash-chained record of everything that changed the fleet. */
export interface Ledger {
  /** Adds an event. Only inside the transaction of the change it tells of. */
  append(event: NewEvent): LedgerEvent;
  /** Number of events and hash of the last one. */
  head(): { events: number; head: string };
  /** Up to `limit` events after a sequence number, oldest first. */
  after(seq: number, limit: number): LedgerEvent[];
  /** The newest `limit` events, oldest first. */
  newest(limit: number): LedgerEvent[];
  page: LedgerPages;
}

/** SHA-256 of UTF-8 text in lower-case hex. */
export function sha256Hex(text: string): string {
  return hash("sha256", text, "hex");
}

/** A row of the events table. */
export interface EventRow {
  seq: number;
  at_ms: number;
  schema: number;
  type: string;
  actor: string;
  payload: string;
  prev: string;
  hash: string;
}

/** The ledger in a database that the store has opened. */
export function createLedger(db: Sqlite, now: () => number): Ledger {
  const selectHead = db.prepare<[], { seq: number; hash: string }>(
    "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1",
  );
  const insert = db.prepare(
    `INSERT INTO events (seq, at_ms, schema, type, actor, payload, prev, hash)
     VALUES (@seq, @atMs, @schema, @type, @actor, @payload, @prev, @hash)`,
  );
  const selectAfter = db.prepare<[number, number], EventRow>(
    "SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
  );
  const selectNewest = db.prepare<[number], EventRow>("SELECT * FROM events ORDER BY seq DESC LIMIT ?");

  function head(): { events: number; head: string } {
    const last = selectHead.get();
    return last ? { events: last.seq, head: last.hash } : { events: 0, head: genesisHash };
  }

  return {
    append(event) {
      if (!db.inTransaction) throw new Error("an event is appended in the transaction of its change");
      const last = head();
      const body = { seq: last.events + 1, atMs: now(), schema: eventSchemaVersion, ...event };
      const hash = eventHash(last.head, body, sha256Hex);
      insert.run({ ...body, payload: canonicalJson(event.payload), prev: last.head, hash });
      return { ...body, payload: event.payload, prev: last.head, hash };
    },
    head,
    after: (seq, limit) => selectAfter.all(seq, limit).map(eventOfRow),
    newest: (limit) => selectNewest.all(limit).map(eventOfRow).reverse(),
    page: createLedgerPages(db),
  };
}

/** A row as an event; a payload that is not JSON any more shows as it stands, so that a tampered ledger can be read. */
export function eventOfRow(row: EventRow): LedgerEvent {
  const { seq, schema, type, actor, prev, hash } = row;
  return { seq, atMs: row.at_ms, schema, type, actor, payload: payloadOf(row.payload), prev, hash };
}

function payloadOf(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // falls through
  }
  return { notJson: text };
}
