import type { CaBundle, CaRecord, RotationPhase } from "../../../protocol/ca.ts";
import type { MemberRecord } from "../../../protocol/member.ts";
import type { Style } from "../terminal.ts";
import { noFigure } from "./figures.ts";
import { distanceText } from "./memberText.ts";
import { renderTable } from "./table.ts";

const phases: Record<RotationPhase, string> = {
  steady: "no rotation is under way",
  announce: "the next authority was made; no member has fetched it yet",
  distribute: "members fetch the next authority before it signs",
  issue: "a new authority signs; the one before is trusted until nothing valid hangs on it",
};

/** What `ca show` says: the phase, the authorities, and what each member trusts and holds. */
export function authoritiesText(
  { phase, nextRotationAtMs, cas }: CaBundle,
  members: readonly MemberRecord[],
  nowMs: number,
  style: Style,
): string {
  const authorities = cas.map((ca) => [
    String(ca.generation),
    ca.state,
    distanceText(ca.madeAtMs, nowMs),
    distanceText(ca.notAfterMs, nowMs),
    String(ca.validCertificates),
    ca.fingerprint,
  ]);
  const rows = members.map((member) => [
    member.host ?? member.name,
    member.caGeneration === null ? noFigure : `by ${member.caGeneration}`,
    distanceText(member.notAfterMs, nowMs),
    trustText(member, cas),
    distanceText(member.seenAtMs, nowMs),
    member.askedBackCode === null
      ? ""
      : style.yellow(`asks to come back: hwledger user approve ${member.name} ${member.askedBackCode}`),
  ]);
  return [
    `Phase: ${phase} (${phases[phase]}). The next rotation begins ${distanceText(nextRotationAtMs, nowMs)}.`,
    "",
    renderTable(columns("AUTHORITY", "STATE", "MADE", "ENDS", "CERTIFICATES", "SHA-256"), authorities),
    "",
    renderTable(columns("MEMBER", "SIGNED", "RUNS OUT", "TRUSTS", "SEEN", ""), rows),
  ].join("\n");
}

function columns(...titles: string[]) {
  return titles.map((title) => ({ title }));
}

/** The generations that a member trusts, of those there are: `1, 2`. */
export function trustText({ trusts }: MemberRecord, cas: readonly CaRecord[]): string {
  const known = cas.filter(({ fingerprint }) => trusts.includes(fingerprint));
  return known.map(({ generation }) => String(generation)).join(", ") || noFigure;
}
