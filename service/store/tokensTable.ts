import type { Role } from "../../protocol/ids.ts";
import type { Sqlite } from "./openStore.ts";

/** A new join token. */
export interface NewToken {
  id: string;
  /** SHA-256 of the token; it itself is nowhere. */
  sha256: string;
  role: Role;
  /** The host whose agent it lets in. */
  hostId: string | null;
  /** The member that it brings back. */
  forMember: string | null;
  createdAtMs: number;
  createdBy: string;
  expiresAtMs: number;
}

/** A join token as it is kept. */
export interface TokenRow extends Omit<NewToken, "sha256"> {
  usedByKey: string | null;
  certificateSha256: string | null;
  /** Member of the certificate it gave. */
  usedBy: string | null;
  revokedAtMs: number | null;
}

/** Join tokens in the database. */
export interface TokensTable {
  add(token: NewToken): void;
  bySha256(sha256: string): TokenRow | null;
  byId(id: string): TokenRow | null;
  /** Newest first. */
  newest(limit: number): TokenRow[];
  /** Binds a token to the joiner's key and the certificate it got. */
  use(id: string, key: string, certificateSha256: string): void;
  revoke(id: string, nowMs: number): void;
  /** Ids of the links of somebody that can still be used. */
  openOf(createdBy: string, nowMs: number): string[];
  /** Ids of the links that let in the agent of a host, or bring back a member, and can still be used. */
  openFor(name: string, nowMs: number): string[];
}

const columns = `SELECT id, role, host_id AS hostId, for_member AS forMember, created_at_ms AS createdAtMs,
  created_by AS createdBy, expires_at_ms AS expiresAtMs, used_by_key AS usedByKey,
  certificate_sha256 AS certificateSha256, tokens.revoked_at_ms AS revokedAtMs, member AS usedBy
  FROM tokens LEFT JOIN certificates ON sha256 = certificate_sha256`;

/** The tokens' table of an open database. */
export function createTokensTable(db: Sqlite): TokensTable {
  const insert = db.prepare(
    `INSERT INTO tokens (id, token_sha256, role, host_id, for_member, created_at_ms, created_by, expires_at_ms)
     VALUES (@id, @sha256, @role, @hostId, @forMember, @createdAtMs, @createdBy, @expiresAtMs)`,
  );
  const selectBySha256 = db.prepare<[string], TokenRow>(`${columns} WHERE token_sha256 = ?`);
  const selectById = db.prepare<[string], TokenRow>(`${columns} WHERE id = ?`);
  const selectNewest = db.prepare<[number], TokenRow>(
    `${columns} ORDER BY created_at_ms DESC, tokens.rowid DESC LIMIT ?`,
  );
  const updateUsed = db.prepare("UPDATE tokens SET used_by_key = ?, certificate_sha256 = ? WHERE id = ?");
  const updateRevoked = db.prepare("UPDATE tokens SET revoked_at_ms = ? WHERE id = ?");
  const selectOpenWhere = (condition: string) =>
    db
      .prepare<[{ name: string; nowMs: number }], string>(
        `SELECT id FROM tokens WHERE ${condition} AND expires_at_ms > @nowMs AND used_by_key IS NULL
         AND revoked_at_ms IS NULL ORDER BY rowid`,
      )
      .pluck();
  const selectOpenOf = selectOpenWhere("created_by = @name");
  const selectOpenFor = selectOpenWhere("(host_id = @name OR for_member = @name)");
  return {
    openOf: (createdBy, nowMs) => selectOpenOf.all({ name: createdBy, nowMs }),
    openFor: (name, nowMs) => selectOpenFor.all({ name, nowMs }),
    add: (token) => void insert.run(token),
    bySha256: (sha256) => selectBySha256.get(sha256) ?? null,
    byId: (id) => selectById.get(id) ?? null,
    newest: (limit) => selectNewest.all(limit),
    use: (id, key, certificateSha256) => void updateUsed.run(key, certificateSha256, id),
    revoke: (id, nowMs) => void updateRevoked.run(nowMs, id),
  };
}
