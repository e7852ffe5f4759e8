import { createHash, randomBytes } from "node:crypto";
import type { HostId, Role } from "../../protocol/ids.ts";
import { formatJoinLink } from "../../protocol/joinLink.ts";
import type { TokenRecord } from "../../protocol/member.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import { tokenState } from "../domain/decideEnrolment.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { MembersTable } from "../store/membersTable.ts";
import type { Store } from "../store/openStore.ts";
import type { TokenRow, TokensTable } from "../store/tokensTable.ts";

/** Default life of a join token. */
export const tokenTtlMs = 15 * 60_000;

/** Most links that a list holds. */
const listedTokens = 200;

/** What join links are made from. */
export interface TokensNeeds {
  store: Pick<Store, "transact">;
  tokens: TokensTable;
  members: MembersTable;
  ledger: Pick<Ledger, "append">;
  /** SHA-256 of the CA by which a joiner knows the fleet. */
  caFingerprint: () => string;
  /** Address to put into links. */
  url: () => string;
  /** Name of a host; null when it was removed. */
  hostName: (id: HostId) => string | null;
  now: () => number;
  /** Told once an event is durable. */
  onChange: () => void;
}

/** Whom a new link lets in. */
export type TokenPurpose =
  | { role: Exclude<Role, "agent"> }
  | { role: "agent"; hostId: HostId }
  /** A member that is there already, whose certificate has run out. */
  | { member: string };

/** Join links: made, listed, withdrawn. */
export interface Tokens {
  /** Throws `member-not-found`, `member-revoked`. */
  create(purpose: TokenPurpose, ttlMs: number, actor: string): RouteAnswer<"createToken">;
  list(): TokenRecord[];
  /** Throws `token-not-found`, and `token-used` where it has let somebody in. */
  revoke(id: string, actor: string): TokenRecord;
}

/** Join links in the database; each is an event in the transaction of its row. */
export function createTokens(needs: TokensNeeds): Tokens {
  const { store, tokens, members, ledger, now } = needs;

  function recordOf(row: TokenRow): TokenRecord {
    const { id, role, createdAtMs, createdBy, expiresAtMs } = row;
    const host = row.hostId === null ? null : needs.hostName(row.hostId as HostId);
    const member = row.forMember ?? row.usedBy;
    return { id, role, host, member, createdAtMs, createdBy, expiresAtMs, state: tokenState(row, now()) };
  }

  return {
    create(purpose, ttlMs, actor) {
      const token = randomBytes(24).toString("base64url");
      const id = `t-${randomBytes(8).toString("hex")}`;
      const createdAtMs = now();
      const expiresAtMs = createdAtMs + ttlMs;
      const forMember = "member" in purpose ? purpose.member : null;
      const hostId = "hostId" in purpose ? purpose.hostId : null;
      const role = "role" in purpose ? purpose.role : memberWhoMayReturn(members, purpose.member).role;
      store.transact((afterCommit) => {
        afterCommit(needs.onChange);
        const sha256 = tokenHash(token);
        tokens.add({ id, sha256, role, hostId, forMember, createdAtMs, createdBy: actor, expiresAtMs });
        const whom = { ...(hostId ? { hostId } : {}), ...(forMember === null ? {} : { member: forMember }) };
        ledger.append({ type: "token.created", actor, payload: { tokenId: id, role, expiresAtMs, ...whom } });
      });
      const link = { url: needs.url(), token, caFingerprint: needs.caFingerprint() };
      const editorLink = formatJoinLink(link, "vscode");
      return { id, link: formatJoinLink(link), editorLink, role, expiresAtMs };
    },
    list: () => tokens.newest(listedTokens).map(recordOf),
    revoke(id, actor) {
      const row = tokens.byId(id);
      if (row === null) throw new Refusal("token-not-found", { token: id });
      if (row.usedByKey !== null)
        throw new Refusal("token-used", {
          reason: `It has let in ${row.usedBy ?? "somebody"}; revoke that membership instead.`,
        });
      if (row.revokedAtMs === null)
        store.transact((afterCommit) => {
          afterCommit(needs.onChange);
          tokens.revoke(id, now());
          ledger.append({ type: "token.revoked", actor, payload: { tokenId: id } });
        });
      return recordOf({ ...row, revokedAtMs: row.revokedAtMs ?? now() });
    },
  };
}

function memberWhoMayReturn(members: MembersTable, name: string): { role: Role } {
  const member = members.member(name);
  if (member === null) throw new Refusal("member-not-found", { member: name });
  if (member.revoked) throw new Refusal("member-revoked", { member: name });
  return member;
}

/** What is kept of a token. Looking it up by its hash leaks nothing by time: a stranger cannot steer a hash. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
