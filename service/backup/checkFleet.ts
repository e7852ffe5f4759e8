import type { LedgerVerdict } from "../../protocol/ledger/events.ts";
import { verifyLedger } from "../ledger/verifyLedger.ts";
import { parseCa, type FleetCa } from "../pki/caFiles.ts";
import { openSnapshot } from "../store/openSnapshot.ts";
import type { Sqlite } from "../store/openStore.ts";
import { databaseName } from "./manifest.ts";

/** What a copy of a fleet's database and keys turned out to be. */
export type CheckedFleet =
  | { kind: "sound"; fleet: SoundFleet }
  /** A database without a fleet: nothing was ever written to it. */
  | { kind: "empty" }
  | { kind: "newer"; schema: number; known: number }
  | { kind: "unsound"; reason: string }
  /** Sound but for the CA that its ledger names. */
  | { kind: "without-ca"; reason: string };

/** A fleet whose ledger verifies and whose CA is there. */
export interface SoundFleet {
  fleetId: string;
  /** Of the CA that signs, by the ledger. */
  caFingerprint: string;
  /** Members that were not withdrawn. */
  members: number;
  ledger: Pick<LedgerVerdict, "events" | "head">;
}

/** Verifies a copy of the database, and that the CA its ledger names is among the keys (texts by name). */
export async function checkFleet(database: string, keys: ReadonlyMap<string, string>): Promise<CheckedFleet> {
  const opened = openSnapshot(database);
  if (opened.kind === "damaged") return { kind: "unsound", reason: opened.reason };
  if (opened.kind === "newer") return opened;
  const { db } = opened;
  try {
    return await checkOpened(db, keys);
  } finally {
    db.close();
  }
}

async function checkOpened(db: Sqlite, keys: ReadonlyMap<string, string>): Promise<CheckedFleet> {
  const { ok, events, head, firstBad } = await verifyLedger(db);
  if (!ok) {
    const which = `event ${firstBad?.seq ?? "?"} of the ledger in ${databaseName} is bad`;
    return { kind: "unsound", reason: `${which}: ${firstBad?.reason ?? "unknown"}` };
  }
  if (events === 0) return { kind: "empty" };
  const fleetId = namedByLedger(db, "$.fleetId", "fleet.created");
  const caFingerprint =
    namedByLedger(db, "$.fingerprint", "ca.issuing") ?? namedByLedger(db, "$.caFingerprint", "fleet.created");
  if (fleetId === null || caFingerprint === null)
    return { kind: "unsound", reason: "the ledger names no fleet" };
  const ca = [...keys.values()].map(caOf).find((one) => one?.fingerprint === caFingerprint);
  if (ca?.fleetId !== fleetId)
    return {
      kind: "without-ca",
      reason: "no file of keys/ is the CA that the ledger names, whole and with its key",
    };
  const members = db
    .prepare<[], { n: number }>("SELECT count(*) AS n FROM members WHERE revoked_at_ms IS NULL")
    .get();
  return {
    kind: "sound",
    fleet: { fleetId, caFingerprint, members: members?.n ?? 0, ledger: { events, head } },
  };
}

/** A text that the last event of a type states. */
function namedByLedger(db: Sqlite, fact: string, type: string): string | null {
  const row = db
    .prepare<[string, string], { named: unknown }>(
      "SELECT payload ->> ? AS named FROM events WHERE type = ? ORDER BY seq DESC LIMIT 1",
    )
    .get(fact, type);
  return typeof row?.named === "string" ? row.named : null;
}

/** The CA in a key file's text; null where it is none that can be used. */
function caOf(text: string): FleetCa | null {
  try {
    return parseCa(text);
  } catch {
    return null;
  }
}

/** The texts of what lies in keys/, of a data folder's files by name. */
export function keyTexts(contents: ReadonlyMap<string, Buffer>): Map<string, string> {
  const keys = [...contents].filter(([name]) => name.startsWith("keys/"));
  return new Map(keys.map(([name, content]) => [name, content.toString("utf8")]));
}
