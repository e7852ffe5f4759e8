import type { CaState } from "../../protocol/ca.ts";
import type { Sqlite } from "./openStore.ts";

/** A certificate authority of the fleet; its key is in a file or gone. */
export interface CaRow {
  /** SHA-256 of its certificate's DER, 64 lower-case hex digits. */
  fingerprint: string;
  /** 1 for the fleet's first. */
  generation: number;
  pem: string;
  /** The same name and key, signed by the authority before it; null for the first. */
  crossPem: string | null;
  state: CaState;
  madeAtMs: number;
  /** Since when it has been in its state. */
  stateAtMs: number;
}

/** The fleet's certificate authorities in the database. */
export interface CasTable {
  /** Oldest first. */
  list(): CaRow[];
  add(ca: CaRow): void;
  setState(fingerprint: string, state: CaState, nowMs: number): void;
  /** How many certificates that count still hang on it. */
  validCertificates(fingerprint: string, nowMs: number): number;
  /** Says of members and certificates of an earlier version of the program that the first authority is theirs. */
  adopt(fingerprint: string): void;
}

/** The authorities' table of an open database. */
export function createCasTable(db: Sqlite): CasTable {
  const select = db.prepare<[], CaRow>(
    `SELECT fingerprint, generation, pem, cross_pem AS crossPem, state, made_at_ms AS madeAtMs,
     state_at_ms AS stateAtMs FROM cas ORDER BY generation`,
  );
  const insert = db.prepare(
    `INSERT INTO cas (fingerprint, generation, pem, cross_pem, state, made_at_ms, state_at_ms)
     VALUES (@fingerprint, @generation, @pem, @crossPem, @state, @madeAtMs, @stateAtMs)`,
  );
  const update = db.prepare("UPDATE cas SET state = ?, state_at_ms = ? WHERE fingerprint = ?");
  const countValid = db
    .prepare<[string, number], number>(
      `SELECT count(*) FROM certificates JOIN members ON members.name = member
       WHERE ca_sha256 = ? AND not_after_ms > ? AND certificates.revoked_at_ms IS NULL
       AND members.revoked_at_ms IS NULL`,
    )
    .pluck();
  const adopt = db.prepare("UPDATE certificates SET ca_sha256 = ? WHERE ca_sha256 IS NULL");
  const adoptTrust = db.prepare("UPDATE members SET trusts = json_array(?) WHERE trusts = '[]'");
  return {
    list: () => select.all(),
    add: (ca) => void insert.run(ca),
    setState: (fingerprint, state, nowMs) => void update.run(state, nowMs, fingerprint),
    validCertificates: (fingerprint, nowMs) => countValid.get(fingerprint, nowMs) ?? 0,
    adopt(fingerprint) {
      adopt.run(fingerprint);
      adoptTrust.run(fingerprint);
    },
  };
}
