import type { CaBundle } from "../../../protocol/ca.ts";
import type { Role } from "../../../protocol/ids.ts";
import type { MemberRecord, TokenRecord } from "../../../protocol/member.ts";
import { problemOfError, type Problem } from "../../../protocol/problem.ts";
import type { FleetSession } from "../openFleetSession.ts";
import { createLedgerFollow } from "./createLedgerFollow.ts";

/** What a feed asks of a session. */
export type MembersSession = Pick<FleetSession, "client" | "stream" | "identity">;

/** Who belongs to a fleet, as it was read last. */
export interface KnownMembers {
  fleetId: string;
  /** This editor's own role, as the service has it; null when it is no member any more. */
  ownRole: Role | null;
  members: readonly MemberRecord[];
  /** Join links; null for who is no admin. */
  tokens: readonly TokenRecord[] | null;
  ca: CaBundle;
  readAtMs: number;
}

/** Keeps the members and join links of a fleet while somebody looks. */
export interface MembersFeed {
  readonly known: KnownMembers | null;
  /** Why the newest reading brought nothing; null when it did. */
  readonly problem: Problem | null;
  /** Reads and follows, or with null rests; what is known stays. */
  follow(session: MembersSession | null): void;
  /** Reads anew while a session is followed. Never rejects. */
  read(): Promise<void>;
}

/** Reads when it is first followed, after each break, and when the ledger tells of a member, a link or an authority. */
export function createMembersFeed(now: () => number, onChange: () => void): MembersFeed {
  let known: KnownMembers | null = null;
  let problem: Problem | null = null;
  let isReading = false;
  let isAgain = false;

  const ledger = createLedgerFollow<MembersSession>((_session, { events, isFresh }) => {
    if (isFresh || events.some(({ type }) => /^(member|token|ca)\./.test(type))) void read();
  });

  async function read(): Promise<void> {
    isAgain = true;
    if (isReading) return;
    isReading = true;
    try {
      while (isAgain && ledger.session) {
        isAgain = false;
        await readOnce(ledger.session);
      }
    } finally {
      isReading = false;
    }
  }

  async function readOnce(session: MembersSession): Promise<void> {
    try {
      const next = await readMembers(session, now);
      if (session !== ledger.session) return;
      known = next;
      problem = null;
    } catch (error) {
      if (session !== ledger.session) return;
      problem = problemOfError(error);
    }
    onChange();
  }

  return {
    get known() {
      return known;
    },
    get problem() {
      return problem;
    },
    follow(session) {
      if (session && known && session.identity.fleetId !== known.fleetId) {
        known = null;
        problem = null;
      }
      ledger.follow(session);
    },
    read,
  };
}

async function readMembers(session: MembersSession, now: () => number): Promise<KnownMembers> {
  const { client, identity } = session;
  const { members } = await client.call("listMembers");
  const own = members.find(({ name }) => name === identity.member);
  const ownRole = own?.revokedAtMs === null ? own.role : null;
  const tokens = ownRole === "admin" ? (await client.call("listTokens")).tokens : null;
  const ca = await client.call("getCaBundle");
  return { fleetId: identity.fleetId, ownRole, members, tokens, ca, readAtMs: now() };
}
