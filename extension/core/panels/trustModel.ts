import type { CaBundle, CaRecord } from "../../../protocol/ca.ts";
import type { MemberRecord } from "../../../protocol/member.ts";
import { formatAge } from "../figures.ts";
import type { AuthorityRow, TrustModel } from "./membersSchema.ts";
import { panelWords } from "../words/panelWords.ts";

const words = panelWords.trust;

/** The fleet's certificate authorities, and how far a rotation is. */
export function trustModel(
  { phase, nextRotationAtMs, cas }: CaBundle,
  nowMs: number,
  canRotate: boolean,
): TrustModel {
  const next =
    nextRotationAtMs > nowMs
      ? words.nextIn(formatAge(nextRotationAtMs - nowMs))
      : phase === "steady"
        ? words.nextSoon
        : "";
  return {
    phase: words.phases[phase],
    next: { text: next, atMs: nextRotationAtMs },
    authorities: [...cas].reverse().map((ca) => authorityRow(ca, nowMs)),
    canRotate: canRotate && !cas.some(({ state }) => state === "announced"),
  };
}

function authorityRow(ca: CaRecord, nowMs: number): AuthorityRow {
  return {
    fingerprint: ca.fingerprint,
    name: words.authority(ca.generation),
    state: words.states[ca.state],
    made: { text: words.ago(formatAge(nowMs - ca.madeAtMs)), atMs: ca.madeAtMs },
    ends: { text: words.inTime(formatAge(ca.notAfterMs - nowMs)), atMs: ca.notAfterMs },
    certificates: words.certificates(ca.validCertificates),
  };
}

/** Which authority has signed a member's certificate and which it trusts, in a few words. */
export function trustText({ caGeneration, trusts }: MemberRecord, cas: readonly CaRecord[]): string {
  const trusted = cas.filter(({ fingerprint }) => trusts.includes(fingerprint));
  const generations = trusted.map(({ generation }) => generation);
  return words.ofMember(caGeneration, generations);
}
