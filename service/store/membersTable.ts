import type { Role } from "../../protocol/ids.ts";
import type { Sqlite } from "./openStore.ts";

/** A member of the fleet. */
export interface Member {
  name: string;
  role: Role;
  revoked: boolean;
}

/** A certificate that was issued. */
export interface IssuedCertificate {
  sha256: string;
  member: string;
  pem: string;
  notAfterMs: number;
}

/** A join token; only its hash is kept. */
export interface TokenRow {
  id: string;
  role: Role;
  expiresAtMs: number;
  usedByKey: string | null;
  certificateSha256: string | null;
}

interface TokenColumns {
  id: string;
  role: Role;
  expires_at_ms: number;
  used_by_key: string | null;
  certificate_sha256: string | null;
}

/** Members, their certificates and join tokens in the database. */
export interface MembersTable {
  member(name: string): Member | null;
  addMember(name: string, role: Role, nowMs: number): void;
  certificate(sha256: string): (IssuedCertificate & { revoked: boolean }) | null;
  addCertificate(certificate: IssuedCertificate): void;
  addToken(id: string, tokenSha256: string, role: Role, expiresAtMs: number): void;
  token(tokenSha256: string): TokenRow | null;
  /** Binds a token to the joiner's key and the certificate it got. */
  useToken(id: string, key: string, certificateSha256: string): void;
}

/** The members' tables of an open database. */
export function createMembersTable(db: Sqlite): MembersTable {
  const selectMember = db.prepare<[string], { name: string; role: Role; revoked_at_ms: number | null }>(
    "SELECT name, role, revoked_at_ms FROM members WHERE name = ?",
  );
  const insertMember = db.prepare("INSERT INTO members (name, role, joined_at_ms) VALUES (?, ?, ?)");
  const selectCertificate = db.prepare<
    [string],
    { sha256: string; member: string; pem: string; not_after_ms: number; revoked_at_ms: number | null }
  >("SELECT * FROM certificates WHERE sha256 = ?");
  const insertCertificate = db.prepare(
    "INSERT INTO certificates (sha256, member, pem, not_after_ms) VALUES (@sha256, @member, @pem, @notAfterMs)",
  );
  const insertToken = db.prepare(
    "INSERT INTO tokens (id, token_sha256, role, expires_at_ms) VALUES (?, ?, ?, ?)",
  );
  const selectToken = db.prepare<[string], TokenColumns>(
    "SELECT id, role, expires_at_ms, used_by_key, certificate_sha256 FROM tokens WHERE token_sha256 = ?",
  );
  const updateToken = db.prepare("UPDATE tokens SET used_by_key = ?, certificate_sha256 = ? WHERE id = ?");
  return {
    member(name) {
      const row = selectMember.get(name);
      return row ? { name: row.name, role: row.role, revoked: row.revoked_at_ms !== null } : null;
    },
    addMember: (name, role, nowMs) => void insertMember.run(name, role, nowMs),
    certificate(sha256) {
      const row = selectCertificate.get(sha256);
      if (!row) return null;
      const { member, pem, not_after_ms: notAfterMs } = row;
      return { sha256, member, pem, notAfterMs, revoked: row.revoked_at_ms !== null };
    },
    addCertificate: (certificate) => void insertCertificate.run(certificate),
    addToken: (id, sha256, role, expiresAtMs) => void insertToken.run(id, sha256, role, expiresAtMs),
    token(sha256) {
      const row = selectToken.get(sha256);
      if (!row) return null;
      return {
        id: row.id,
        role: row.role,
        expiresAtMs: row.expires_at_ms,
        usedByKey: row.used_by_key,
        certificateSha256: row.certificate_sha256,
      };
    },
    useToken: (id, key, certificateSha256) => void updateToken.run(key, certificateSha256, id),
  };
}
