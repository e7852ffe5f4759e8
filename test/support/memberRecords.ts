import type { KnownMembers } from "../../extension/core/panels/createMembersFeed.ts";
import type { CaBundle, CaRecord, CaState } from "../../protocol/ca.ts";
import type { MemberRecord, TokenRecord } from "../../protocol/member.ts";

/** A day in milliseconds. */
export const day = 86_400_000;
/** The clock of these records. */
export const nowMs = 1_000 * day;

/** A member that was heard from lately. */
export function aMember(name: string, over: Partial<MemberRecord> = {}): MemberRecord {
  return {
    name,
    role: "viewer",
    host: null,
    joinedAtMs: nowMs - day,
    revokedAtMs: null,
    notAfterMs: nowMs + 60 * day,
    caGeneration: 1,
    trusts: ["f1"],
    askedBackAtMs: null,
    askedBackCode: null,
    seenAtMs: nowMs - 5 * 60_000,
    ...over,
  };
}

/** A join link that is open. */
export function aToken(id: string, over: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id: `t-${id.padStart(16, "0")}`,
    role: "operator",
    host: null,
    member: null,
    createdAtMs: nowMs - 60_000,
    createdBy: "user/ada",
    expiresAtMs: nowMs + 14 * 60_000,
    state: "open",
    ...over,
  };
}

/** A certificate authority in a state; its fingerprint is `f` and its generation. */
export function anAuthority(generation: number, state: CaState): CaRecord {
  return {
    fingerprint: `f${generation}`,
    generation,
    state,
    madeAtMs: nowMs - 10 * day,
    stateAtMs: nowMs - 10 * day,
    notAfterMs: nowMs + 790 * day,
    validCertificates: generation,
    certificatePem: "",
    crossPem: null,
  };
}

/** What members fetch while one authority signs. */
export function aBundle(over: Partial<CaBundle> = {}): CaBundle {
  return {
    fleetId: "fleet-1",
    phase: "steady",
    nextRotationAtMs: nowMs + 80 * day,
    cas: [anAuthority(1, "issuing")],
    ...over,
  };
}

/** What the panel knows of a fleet with an admin and a viewer. */
export function known(over: Partial<KnownMembers> = {}): KnownMembers {
  const members = [aMember("ada", { role: "admin" }), aMember("bo")];
  return {
    fleetId: "fleet-1",
    ownRole: "admin",
    members,
    tokens: [],
    ca: aBundle(),
    readAtMs: nowMs,
    ...over,
  };
}
