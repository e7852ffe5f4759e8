import type { Role } from "../../protocol/ids.ts";
import type { Sqlite } from "./openStore.ts";

/** A member of the fleet. An agent's name is the id of its host. */
export interface Member {
  name: string;
  role: Role;
  revoked: boolean;
}

/** A member with all that a list of them says. */
export interface MemberRow {
  name: string;
  role: Role;
  joinedAtMs: number;
  revokedAtMs: number | null;
  /** End of the newest certificate. */
  notAfterMs: number | null;
  seenAtMs: number | null;
}

/** A certificate that was issued. */
export interface IssuedCertificate {
  sha256: string;
  member: string;
  pem: string;
  notAfterMs: number;
  /** SHA-256 of its public key; null for those of an earlier version. */
  keySha256: string | null;
}

/** Members and their certificates in the database. */
export interface MembersTable {
  member(name: string): Member | null;
  /** Every member there is or was, by name. */
  list(): MemberRow[];
  row(name: string): MemberRow | null;
  /** Admins whose membership has not ended. */
  admins(): string[];
  addMember(name: string, role: Role, nowMs: number): void;
  changeRole(name: string, role: Role): void;
  revoke(name: string, nowMs: number): void;
  /** Lets a member in again whose membership may have ended; its certificates so far count no more. */
  reinstate(name: string, nowMs: number): void;
  /** Notes that a member was heard from. */
  seen(name: string, nowMs: number): void;
  certificate(sha256: string): (IssuedCertificate & { revoked: boolean }) | null;
  /** The newest certificate of a member for a public key that counts still. */
  certificateForKey(member: string, keySha256: string): IssuedCertificate | null;
  addCertificate(certificate: IssuedCertificate): void;
  /** Makes all certificates of a member count no more. */
  revokeCertificates(member: string, nowMs: number): void;
}

interface CertificateRow extends IssuedCertificate {
  revokedAtMs: number | null;
}

const certificateColumns = `sha256, member, pem, not_after_ms AS notAfterMs, key_sha256 AS keySha256,
  revoked_at_ms AS revokedAtMs`;

const memberColumns = `name, role, joined_at_ms AS joinedAtMs, revoked_at_ms AS revokedAtMs, seen_at_ms AS seenAtMs,
  (SELECT max(not_after_ms) FROM certificates WHERE member = members.name) AS notAfterMs`;

/** The members' tables of an open database. */
export function createMembersTable(db: Sqlite): MembersTable {
  const selectMember = db.prepare<[string], { name: string; role: Role; revoked_at_ms: number | null }>(
    "SELECT name, role, revoked_at_ms FROM members WHERE name = ?",
  );
  const selectRows = db.prepare<[], MemberRow>(`SELECT ${memberColumns} FROM members ORDER BY name`);
  const selectRow = db.prepare<[string], MemberRow>(`SELECT ${memberColumns} FROM members WHERE name = ?`);
  const selectAdmins = db
    .prepare<[], string>("SELECT name FROM members WHERE role = 'admin' AND revoked_at_ms IS NULL")
    .pluck();
  const insertMember = db.prepare("INSERT INTO members (name, role, joined_at_ms) VALUES (?, ?, ?)");
  const updateRole = db.prepare("UPDATE members SET role = ? WHERE name = ?");
  const updateRevoked = db.prepare("UPDATE members SET revoked_at_ms = ? WHERE name = ?");
  const updateSeen = db.prepare("UPDATE members SET seen_at_ms = ? WHERE name = ?");
  const selectCertificate = db.prepare<[string], CertificateRow>(
    `SELECT ${certificateColumns} FROM certificates WHERE sha256 = ?`,
  );
  const selectForKey = db.prepare<[string, string], CertificateRow>(
    `SELECT ${certificateColumns} FROM certificates
     WHERE member = ? AND key_sha256 = ? AND revoked_at_ms IS NULL ORDER BY not_after_ms DESC LIMIT 1`,
  );
  const insertCertificate = db.prepare(
    `INSERT INTO certificates (sha256, member, pem, not_after_ms, key_sha256)
     VALUES (@sha256, @member, @pem, @notAfterMs, @keySha256)`,
  );
  const updateCertificates = db.prepare(
    "UPDATE certificates SET revoked_at_ms = ? WHERE member = ? AND revoked_at_ms IS NULL",
  );
  return {
    member(name) {
      const row = selectMember.get(name);
      return row ? { name: row.name, role: row.role, revoked: row.revoked_at_ms !== null } : null;
    },
    list: () => selectRows.all(),
    row: (name) => selectRow.get(name) ?? null,
    admins: () => selectAdmins.all(),
    addMember: (name, role, nowMs) => void insertMember.run(name, role, nowMs),
    changeRole: (name, role) => void updateRole.run(role, name),
    revoke: (name, nowMs) => void updateRevoked.run(nowMs, name),
    reinstate(name, nowMs) {
      updateRevoked.run(null, name);
      updateCertificates.run(nowMs, name);
    },
    seen: (name, nowMs) => void updateSeen.run(nowMs, name),
    certificate(sha256) {
      const row = selectCertificate.get(sha256);
      if (!row) return null;
      const { revokedAtMs, ...issued } = row;
      return { ...issued, revoked: revokedAtMs !== null };
    },
    certificateForKey: (member, keySha256) => selectForKey.get(member, keySha256) ?? null,
    addCertificate: (certificate) => void insertCertificate.run(certificate),
    revokeCertificates: (member, nowMs) => void updateCertificates.run(nowMs, member),
  };
}
