import type { Role } from "../../../protocol/ids.ts";
import type { MemberRecord, TokenRecord } from "../../../protocol/member.ts";
import type { Problem } from "../../../protocol/problem.ts";
import { formatAge } from "../figures.ts";
import type { FleetPlace } from "../fleetPlace.ts";
import { memberOf } from "../jobText.ts";
import type { FleetSession } from "../openFleetSession.ts";
import { printable } from "../printable.ts";
import { problemText } from "../problemText.ts";
import type { KnownMembers } from "./createMembersFeed.ts";
import type { LinkRow, MemberRow, MembersModel } from "./membersSchema.ts";
import { connectionBanner } from "./panelBanner.ts";
import type { Banner } from "./panelSchema.ts";
import { panelWords } from "../words/panelWords.ts";
import { trustModel, trustText } from "./trustModel.ts";

const words = panelWords.members;
/** The service writes down that somebody was heard from no oftener than this. */
const seenStepMs = 10 * 60_000;

/** What the panel of the members is made of beside the session. */
export interface MembersFacts {
  known: KnownMembers | null;
  /** Why the newest reading failed. */
  problem: Problem | null;
  /** Names and ids about which something is under way. */
  busy: ReadonlySet<string>;
  answered: number;
}

type Session = Pick<FleetSession, "fleet" | "contact" | "identity">;

/** Everything the panel of the members shows. */
export function membersModel(
  session: Session | null | undefined,
  facts: MembersFacts,
  nowMs: number,
  place: FleetPlace = "elsewhere",
): MembersModel {
  const known = session && facts.known?.fleetId === session.identity.fleetId ? facts.known : null;
  const isLive = session?.contact.kind === "live";
  const isAdmin = known?.ownRole === "admin";
  return {
    banner: bannerOf(session, known, facts.problem, nowMs, place),
    note: known && isLive ? noteOf(known) : "",
    isAdmin,
    rows:
      known && session
        ? memberRows(known, session.identity.member, { ...facts, canAct: isAdmin && isLive, nowMs })
        : null,
    links: known?.tokens ? linkRows(known.tokens, { ...facts, canAct: isAdmin && isLive, nowMs }) : null,
    trust: known ? trustModel(known.ca, nowMs, isAdmin && isLive) : null,
    readAtMs: known?.readAtMs ?? null,
    isStale: !isLive,
    answered: facts.answered,
  };
}

function bannerOf(
  session: Session | null | undefined,
  known: KnownMembers | null,
  problem: Problem | null,
  nowMs: number,
  place: FleetPlace,
): Banner | null {
  const banner = connectionBanner(session, known?.readAtMs ?? null, nowMs, place);
  if (banner) return banner;
  if (problem) return { tone: "warning", text: problemText(problem), actions: [] };
  return known ? null : { tone: "info", text: words.reading, actions: [] };
}

function noteOf({ ownRole }: KnownMembers): string {
  if (ownRole === "admin") return "";
  return ownRole === null ? words.noMember : words.lookOnly(ownRole);
}

interface RowFacts {
  busy: ReadonlySet<string>;
  canAct: boolean;
  nowMs: number;
}

/** People by role, then agents, each by name; those whose membership has ended last. */
function memberRows({ members, readAtMs, ca }: KnownMembers, own: string, facts: RowFacts): MemberRow[] {
  const order: Role[] = ["admin", "operator", "viewer", "agent"];
  const label = ({ name, host }: MemberRecord) => host ?? name;
  return [...members]
    .sort(
      (a, b) =>
        Number(a.revokedAtMs !== null) - Number(b.revokedAtMs !== null) ||
        order.indexOf(a.role) - order.indexOf(b.role) ||
        label(a).localeCompare(label(b)),
    )
    .map((member) => memberRow(member, { readAtMs, ca }, member.name === own, facts));
}

function memberRow(
  member: MemberRecord,
  { readAtMs, ca }: Pick<KnownMembers, "readAtMs" | "ca">,
  isYou: boolean,
  facts: RowFacts,
): MemberRow {
  const { name, role, host, revokedAtMs, notAfterMs, seenAtMs } = member;
  const isEnded = revokedAtMs !== null;
  const mayAct = facts.canAct && !isEnded;
  return {
    name,
    label: printable(host ?? name),
    note: role !== "agent" ? "" : host === null ? words.agentOfNoHost : name,
    isYou,
    role,
    canChangeRole: mayAct && role !== "agent",
    seen: { text: seenText(seenAtMs, readAtMs), atMs: seenAtMs },
    membership: membershipOf(member, facts.nowMs),
    isEnded,
    canReturn: mayAct && role !== "agent" && !isYou && notAfterMs !== null && notAfterMs <= facts.nowMs,
    canRevoke: mayAct,
    trust: isEnded ? "" : trustText(member, ca.cas),
    approveCode: mayAct ? member.askedBackCode : null,
    isBusy: facts.busy.has(name),
  };
}

function seenText(seenAtMs: number | null, readAtMs: number): string {
  if (seenAtMs === null) return words.neverSeen;
  const ageMs = readAtMs - seenAtMs;
  return ageMs <= seenStepMs ? words.seenLately : words.ago(formatAge(ageMs));
}

const soonMs = 14 * 86_400_000;

function membershipOf(
  { revokedAtMs, notAfterMs, askedBackAtMs, askedBackCode }: MemberRecord,
  nowMs: number,
): MemberRow["membership"] {
  if (revokedAtMs !== null)
    return { text: words.ended(formatAge(nowMs - revokedAtMs)), tone: "ended", atMs: revokedAtMs };
  if (askedBackAtMs !== null)
    return {
      text: panelWords.trust.asksBack(formatAge(nowMs - askedBackAtMs), askedBackCode ?? ""),
      tone: "warning",
      atMs: askedBackAtMs,
    };
  if (notAfterMs === null) return { text: words.noCertificate, tone: "warning", atMs: null };
  if (notAfterMs <= nowMs)
    return { text: words.ranOut(formatAge(nowMs - notAfterMs)), tone: "warning", atMs: notAfterMs };
  const tone = notAfterMs - nowMs < soonMs ? "warning" : "plain";
  return { text: words.runsOutIn(formatAge(notAfterMs - nowMs)), tone, atMs: notAfterMs };
}

function linkRows(tokens: readonly TokenRecord[], { busy, canAct, nowMs }: RowFacts): LinkRow[] {
  return tokens
    .filter(({ state, expiresAtMs }) => state === "open" && expiresAtMs > nowMs)
    .sort((a, b) => b.createdAtMs - a.createdAtMs || a.id.localeCompare(b.id))
    .map((token) => ({
      id: token.id,
      whom: printable(whomText(token)),
      made: {
        text: printable(words.made(formatAge(nowMs - token.createdAtMs), makerText(token.createdBy))),
        atMs: token.createdAtMs,
      },
      runsOut: { text: words.inTime(formatAge(token.expiresAtMs - nowMs)), atMs: token.expiresAtMs },
      canWithdraw: canAct,
      isBusy: busy.has(token.id),
    }));
}

function makerText(actor: string): string {
  return actor === "service" ? words.service : memberOf(actor);
}

/** Whom a link lets in, in a few words. */
export function whomText({ role, host, member }: Pick<TokenRecord, "role" | "host" | "member">): string {
  if (role === "agent") return host === null ? words.agentOfNoHost : words.agentOf(host);
  return member === null ? words.one(role) : words.toComeBack(member);
}
