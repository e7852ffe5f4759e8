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
  /** Generation of the authority that signed the newest certificate. */
  caGeneration: number | null;
  /** Fingerprints of the authorities it trusts, as a JSON array. */
  trusts: string;
  askedBackAtMs: number | null;
  /** SHA-256 of the key that it asks to come back with. */
  askedKey: string | null;
}

/** A certificate that was issued. */
export interface IssuedCertificate {
  sha256: string;
  member: string;
  pem: string;
  notAfterMs: number;
  /** SHA-256 of its public key; null for those of an earlier version. */
  keySha256: string | null;
  /** Fingerprint of the authority that signed it. */
  caSha256: string;
}

/** A member whose certificate has run out and who asks to come back with a new key. */
export interface AskedBack {
  /** SHA-256 of the key asked with. */
  askedKey: string | null;
  askedAtMs: number | null;
  /** The key that an admin has approved. */
  approvedKey: string | null;
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
  /** Remembers the authorities that a member trusts now. */
  setTrusts(name: string, fingerprints: readonly string[]): void;
  /** Gives a member another token for the bundle of authorities. */
  setBundleToken(name: string, sha256: string): void;
  memberOfBundleToken(sha256: string): Member | null;
  askedBack(name: string): AskedBack;
  /** Remembers that a member asks to come back with a key; null once that is over. */
  askBack(name: string, keySha256: string | null, nowMs: number | null): void;
  approveBack(name: string, keySha256: string): void;
  /** The newest certificate of a member for a public key that counts still. */
  certificateForKey(member: string, keySha256: string): IssuedCertificate | null;
  /** Whether a member has a certificate that counts and has not run out. */
  hasGood(member: string, nowMs: number): boolean;
  addCertificate(certificate: IssuedCertificate): void;
  /** Makes all certificates of a member count no more. */
  revokeCertificates(member: string, nowMs: number): void;
}

interface MemberColumns {
  name: string;
  role: Role;
  revoked_at_ms: number | null;
}

interface CertificateRow extends IssuedCertificate {
  revokedAtMs: number | null;
}

const certificateColumns = `sha256, member, pem, not_after_ms AS notAfterMs, key_sha256 AS keySha256,
  ca_sha256 AS caSha256, revoked_at_ms AS revokedAtMs`;

const memberColumns = `name, role, joined_at_ms AS joinedAtMs, revoked_at_ms AS revokedAtMs, seen_at_ms AS seenAtMs,
  trusts, asked_at_ms AS askedBackAtMs, asked_key AS askedKey,
  (SELECT max(not_after_ms) FROM certificates WHERE member = members.name) AS notAfterMs,
  (SELECT generation FROM certificates JOIN cas ON fingerprint = ca_sha256 WHERE member = members.name
   ORDER BY not_after_ms DESC LIMIT 1) AS caGeneration`;

/** The members' tables of an open database. */
export function createMembersTable(db: Sqlite): MembersTable {
  const selectMember = db.prepare<[string], MemberColumns>(
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
  const selectGood = db.prepare<[string, number]>(
    "SELECT 1 FROM certificates WHERE member = ? AND not_after_ms > ? AND revoked_at_ms IS NULL LIMIT 1",
  );
  const insertCertificate = db.prepare(
    `INSERT INTO certificates (sha256, member, pem, not_after_ms, key_sha256, ca_sha256)
     VALUES (@sha256, @member, @pem, @notAfterMs, @keySha256, @caSha256)`,
  );
  const updateCertificates = db.prepare(
    "UPDATE certificates SET revoked_at_ms = ? WHERE member = ? AND revoked_at_ms IS NULL",
  );
  const updateTrusts = db.prepare("UPDATE members SET trusts = ? WHERE name = ?");
  const updateToken = db.prepare("UPDATE members SET bundle_token_sha256 = ? WHERE name = ?");
  const selectByToken = db.prepare<[string], MemberColumns>(
    "SELECT name, role, revoked_at_ms FROM members WHERE bundle_token_sha256 = ?",
  );
  const selectAsked = db.prepare<[string], AskedBack>(
    "SELECT asked_key AS askedKey, asked_at_ms AS askedAtMs, approved_key AS approvedKey FROM members WHERE name = ?",
  );
  const updateAsked = db.prepare(
    "UPDATE members SET asked_key = ?, asked_at_ms = ?, approved_key = NULL WHERE name = ?",
  );
  const updateApproved = db.prepare("UPDATE members SET approved_key = ? WHERE name = ?");
  const memberOf = (row: MemberColumns | undefined): Member | null =>
    row ? { name: row.name, role: row.role, revoked: row.revoked_at_ms !== null } : null;
  return {
    member: (name) => memberOf(selectMember.get(name)),
    setTrusts: (name, fingerprints) => void updateTrusts.run(JSON.stringify(fingerprints), name),
    setBundleToken: (name, sha256) => void updateToken.run(sha256, name),
    memberOfBundleToken: (sha256) => memberOf(selectByToken.get(sha256)),
    askedBack: (name) => selectAsked.get(name) ?? { askedKey: null, askedAtMs: null, approvedKey: null },
    askBack: (name, keySha256, nowMs) => void updateAsked.run(keySha256, nowMs, name),
    approveBack: (name, keySha256) => void updateApproved.run(keySha256, name),
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
    hasGood: (member, nowMs) => selectGood.get(member, nowMs) !== undefined,
    addCertificate: (certificate) => void insertCertificate.run(certificate),
    revokeCertificates: (member, nowMs) => void updateCertificates.run(nowMs, member),
  };
}
