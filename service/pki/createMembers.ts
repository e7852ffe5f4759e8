import type { HostId, UserRole } from "../../protocol/ids.ts";
import type { MemberRecord } from "../../protocol/member.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { MemberRow, MembersTable } from "../store/membersTable.ts";
import type { TokensTable } from "../store/tokensTable.ts";
import type { Store } from "../store/openStore.ts";
import { comebackCode } from "./comebackCode.ts";

/** What the fleet's members are looked after with. */
export interface MembersNeeds {
  store: Pick<Store, "transact">;
  members: MembersTable;
  tokens: Pick<TokensTable, "openFor" | "openOf" | "revoke">;
  ledger: Pick<Ledger, "append">;
  /** Name of a host; null when it was removed. */
  hostName: (id: HostId) => string | null;
  now: () => number;
  /** Told once an event is durable. */
  onChange: () => void;
  /** Told once it is durable that a member is no longer what it was. */
  onMemberChange: (member: string) => void;
}

/** Who belongs to the fleet, as an admin looks after them. */
export interface Members {
  list(): MemberRecord[];
  /** Notes that a member was heard from; written down every ten minutes. */
  seen(name: string): void;
  /** Notes which authorities a member says that it trusts; written down where they are others than before. */
  trusts(name: string, fingerprints: readonly string[]): void;
  /** Throws `member-not-found`, `member-revoked`, `member-is-agent`, `last-admin`. */
  changeRole(name: string, role: UserRole, actor: string): MemberRecord;
  /**
   * Lets a member back in that asks for it with the key of that code; who asks with another key, perhaps somebody else,
   * is not let in. Throws `member-not-found`, `nobody-asks`.
   */
  approve(name: string, code: string, actor: string): MemberRecord;
  /**
   * In the transaction that removes a host: ends the membership of its agent, and withdraws the links that would let in
   * another.
   */
  hostRemoved(id: HostId, actor: string, afterCommit: (effect: () => void) => void): void;
  /**
   * Ends a membership for good, and withdraws the links by which the member, or another in its place, would come in again.
   * Throws `member-not-found`, `last-admin`.
   */
  revoke(name: string, actor: string): MemberRecord;
}

const seenEveryMs = 10 * 60_000;

/** Members in the database; each change is an event in the transaction of its row. */
export function createMembers(needs: MembersNeeds): Members {
  const { store, members, ledger, now } = needs;

  function recordOf({ askedKey, ...row }: MemberRow): MemberRecord {
    const trusts = JSON.parse(row.trusts) as string[];
    const host = row.role === "agent" ? needs.hostName(row.name as HostId) : null;
    return { ...row, trusts, host, askedBackCode: askedKey === null ? null : comebackCode(askedKey) };
  }

  function rowOf(name: string): MemberRow {
    const row = members.row(name);
    if (row === null) throw new Refusal("member-not-found", { member: name });
    return row;
  }

  function assertNotLastAdmin(name: string): void {
    const admins = members.admins();
    if (admins.length === 1 && admins[0] === name) throw new Refusal("last-admin", { member: name });
  }

  function withdraw(tokenIds: readonly string[], actor: string): void {
    for (const tokenId of tokenIds) {
      needs.tokens.revoke(tokenId, now());
      ledger.append({ type: "token.revoked", actor, payload: { tokenId } });
    }
  }

  /** What somebody who is no admin any more has made would let them in again. */
  function withdrawLinksOf(name: string, actor: string): void {
    withdraw(needs.tokens.openOf(`user/${name}`, now()), actor);
  }

  function end(name: string, actor: string): void {
    members.revoke(name, now());
    members.revokeCertificates(name, now());
    ledger.append({ type: "member.revoked", actor, payload: { member: name } });
  }

  const notedAtMs = new Map<string, number>();

  return {
    seen(name) {
      const nowMs = now();
      if (nowMs - (notedAtMs.get(name) ?? 0) < seenEveryMs) return;
      notedAtMs.set(name, nowMs);
      members.seen(name, nowMs);
    },
    trusts(name, fingerprints) {
      const known = JSON.parse(members.row(name)?.trusts ?? "[]") as string[];
      if (known.join() !== fingerprints.join()) members.setTrusts(name, fingerprints);
    },
    list: () => members.list().map(recordOf),
    changeRole(name, role, actor) {
      store.transact((afterCommit) => {
        const row = rowOf(name);
        if (row.revokedAtMs !== null) throw new Refusal("member-revoked", { member: name });
        if (row.role === "agent") throw new Refusal("member-is-agent", { member: name });
        if (row.role === role) return;
        if (row.role === "admin") assertNotLastAdmin(name);
        afterCommit(() => needs.onMemberChange(name));
        members.changeRole(name, role);
        if (row.role === "admin") withdrawLinksOf(name, actor);
        ledger.append({
          type: "member.role-changed",
          actor,
          payload: { member: name, from: row.role, to: role },
        });
      });
      return recordOf(rowOf(name));
    },
    approve(name, code, actor) {
      store.transact((afterCommit) => {
        rowOf(name);
        const { askedKey, approvedKey } = members.askedBack(name);
        if (askedKey === null || comebackCode(askedKey) !== code)
          throw new Refusal("nobody-asks", { member: name, code });
        if (approvedKey === askedKey) return;
        afterCommit(needs.onChange);
        members.approveBack(name, askedKey);
        ledger.append({ type: "member.approved", actor, payload: { member: name, code } });
      });
      return recordOf(rowOf(name));
    },
    hostRemoved(id, actor, afterCommit) {
      withdraw(needs.tokens.openFor(id, now()), actor);
      if (members.member(id)?.revoked !== false) return;
      end(id, actor);
      afterCommit(() => needs.onMemberChange(id));
    },
    revoke(name, actor) {
      store.transact((afterCommit) => {
        if (rowOf(name).revokedAtMs !== null) return;
        assertNotLastAdmin(name);
        afterCommit(() => needs.onMemberChange(name));
        withdrawLinksOf(name, actor);
        withdraw(needs.tokens.openFor(name, now()), actor);
        end(name, actor);
      });
      return recordOf(rowOf(name));
    },
  };
}
