import { canonicalJson, eventHash, genesisHash } from "../../protocol/ledger/chain.ts";
import type { LedgerVerdict } from "../../protocol/ledger/events.ts";
import type { Sqlite } from "../store/openStore.ts";
import { sha256Hex, type EventRow } from "./createLedger.ts";

/** Events recomputed before other work gets a turn. */
const sliceEvents = 2_000;

/**
 * Recomputes the whole chain from the rows as they stand: sequence, link to the one before, hash.
 * Names the first bad event with what was expected and what was found. Yields to other work in between.
 */
export async function verifyLedger(db: Sqlite): Promise<LedgerVerdict> {
  const select = db.prepare<[number, number], EventRow>(
    "SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
  );
  const total = db.prepare<[], { n: number }>("SELECT count(*) AS n FROM events").get()?.n ?? 0;
  let events = 0;
  let head = genesisHash;
  let lastSeq = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = select.all(lastSeq, sliceEvents);
    for (const row of rows) {
      const firstBad = flawOf(row, events + 1, head);
      if (firstBad) return { ok: false, events: total, head, firstBad };
      events += 1;
      head = row.hash;
      lastSeq = row.seq;
    }
    if (rows.length < sliceEvents) return { ok: true, events, head };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function flawOf(row: EventRow, seq: number, prev: string): LedgerVerdict["firstBad"] {
  if (row.seq !== seq)
    return {
      seq,
      reason: "an event is missing or out of place",
      expected: `seq ${seq}`,
      found: `seq ${row.seq}`,
    };
  if (row.prev !== prev)
    return { seq, reason: "it does not follow the event before it", expected: prev, found: row.prev };
  const { schema, type, actor } = row;
  let payload: unknown;
  let canonical: string;
  let expected: string;
  try {
    payload = JSON.parse(row.payload);
    canonical = canonicalJson(payload);
    expected = eventHash(prev, { seq, atMs: row.at_ms, schema, type, actor, payload }, sha256Hex);
  } catch {
    return {
      seq,
      reason: "it is not JSON with a canonical form",
      expected: "JSON",
      found: excerpt(row.payload),
    };
  }
  // What the hash covers is the value: the same value in another spelling (doubled keys, long numbers) is no longer it.
  if (canonical !== row.payload)
    return {
      seq,
      reason: "its payload is not in canonical form",
      expected: excerpt(canonical),
      found: excerpt(row.payload),
    };
  if (expected !== row.hash)
    return { seq, reason: "its content is not what its hash says", expected, found: row.hash };
  return undefined;
}

function excerpt(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
