import type { Role, UserRole } from "../../../protocol/ids.ts";
import { formatJoinLink, parseJoinLink } from "../../../protocol/joinLink.ts";
import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import type { TokenRecord } from "../../../protocol/member.ts";
import type { FleetSession } from "../openFleetSession.ts";

/** Whom a link is to let in: somebody new, or a member whose certificate is gone. */
export type InvitationPurpose = { role: UserRole } | { member: string };

/** What became of a link. That its time is over is told by the clock. */
export type InvitationOutcome =
  | { kind: "open" }
  /** `member`: who came in; null where only an admin may know. */
  | { kind: "used"; member: string | null }
  | { kind: "withdrawn" };

/** A join link that was just made. It is a secret, and held in memory only. */
export interface Invitation {
  fleetId: string;
  id: string;
  purpose: InvitationPurpose;
  role: Role;
  link: string;
  /** For this kind of editor: opening it there joins. */
  editorLink: string;
  /** By this program's clock, which may differ from the service's. */
  endsAtMs: number;
}

/** How long a link can be used. */
const lifeMs = 15 * 60_000;

/** Has the service make a link. `uriScheme` is the editor's own. */
export async function makeInvitation(
  { client, identity }: Pick<FleetSession, "client" | "identity">,
  purpose: InvitationPurpose,
  uriScheme: string,
  now: () => number,
): Promise<Invitation> {
  // Counted from before the request: the link runs out no earlier than that.
  const endsAtMs = now() + lifeMs;
  const { id, link, role } = await client.call("createToken", { body: { ...purpose, ttlMs: lifeMs } });
  const editorLink = formatJoinLink(parseJoinLink(link), uriScheme);
  return { fleetId: identity.fleetId, id, purpose, role, link, editorLink, endsAtMs };
}

/** The outcome after these events, whatever their order. */
export function outcomeAfter(
  before: InvitationOutcome,
  id: string,
  events: readonly LedgerEvent[],
): InvitationOutcome {
  const own = events.filter(({ payload }) => payload["tokenId"] === id);
  const joined = own.find(({ type }) => type === "member.joined");
  if (joined) return { kind: "used", member: String(joined.payload["member"]) };
  return own.some(({ type }) => type === "token.revoked") ? { kind: "withdrawn" } : before;
}

/** The outcome as a list of links tells it; one that is not in it stays as it is. */
export function outcomeInList(
  before: InvitationOutcome,
  id: string,
  tokens: readonly TokenRecord[],
): InvitationOutcome {
  const record = tokens.find((token) => token.id === id);
  switch (record?.state) {
    case "used":
      return { kind: "used", member: record.member };
    case "revoked":
      return { kind: "withdrawn" };
    case "open":
    case "expired":
    case undefined:
      return before;
  }
}

/** Whether only the machine of the service itself can reach the address in a link. */
export function isForOneMachine(link: string): boolean {
  const { hostname } = new URL(parseJoinLink(link).url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
