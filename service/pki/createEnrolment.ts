import { createHash } from "node:crypto";
import type { Role } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import { decideEnrolment, freeMemberName } from "../domain/decideEnrolment.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { IssuedCertificate, MembersTable } from "../store/membersTable.ts";
import type { Store } from "../store/openStore.ts";
import type { TokenRow, TokensTable } from "../store/tokensTable.ts";
import { tokenHash } from "./createTokens.ts";
import type { FleetCa } from "./fleetKeys.ts";
import { certificateSha256, lifetimes, publicKeyOfRequest, signCertificate } from "./x509.ts";

/** What enrolment needs. */
export interface EnrolmentNeeds {
  store: Pick<Store, "transact">;
  members: MembersTable;
  tokens: TokensTable;
  ledger: Pick<Ledger, "append">;
  ca: FleetCa;
  now: () => number;
  /** Told once an event is durable. */
  onChange: () => void;
}

/** Lets people and agents into the fleet, and keeps them in. */
export interface Enrolment {
  /**
   * One-use token and certificate request for a certificate. The same key gets the same answer again. Throws
   * `token-unknown` and what `decideEnrolment` throws.
   */
  join(request: {
    token: string;
    csrPem: string;
    name?: string | undefined;
    as?: "user" | "agent";
  }): RouteAnswer<"join">;
  /** A further certificate for a member that shows a good one. The same key gets the same answer again, while it is new. */
  renew(member: string, csrPem: string): RouteAnswer<"join">;
  /** Makes a member without a token: only for the owner, on the service's own machine. */
  enrolOwner(name: string, csrPem: string): RouteAnswer<"join">;
  /** Whether a certificate was issued here and still counts. */
  accepts(certificatePem: string): boolean;
}

/** Enrolment by one-use tokens; every admission is a ledger event in the transaction of its rows. */
export function createEnrolment(needs: EnrolmentNeeds): Enrolment {
  const { store, members, tokens, ledger, ca, now } = needs;

  function issue(member: string, role: Role, publicKeyPem: string): IssuedCertificate {
    const isAgent = role === "agent";
    const lifetimeMs = lifetimeOf(role);
    const nowMs = now();
    const pem = signCertificate(
      ca,
      {
        publicKeyPem,
        commonName: member,
        uri: `spiffe://${ca.fleetId}/${isAgent ? "agent" : "user"}/${member}`,
        addresses: [],
        usage: "client",
        lifetimeMs,
      },
      nowMs,
    );
    const keySha256 = keyHash(publicKeyPem);
    return { sha256: certificateSha256(pem), member, pem, notAfterMs: nowMs + lifetimeMs, keySha256 };
  }

  function answer(issued: IssuedCertificate, role: Role): RouteAnswer<"join"> {
    const { member, pem: certificatePem, notAfterMs } = issued;
    return { fleetId: ca.fleetId, member, role, certificatePem, caPem: ca.certificatePem, notAfterMs };
  }

  /** A new member, or for a token that names one the member that is there. */
  function admit(
    wanted: string,
    role: Role,
    publicKeyPem: string,
    token: TokenRow | null,
  ): RouteAnswer<"join"> {
    const returning = token?.forMember ?? (token?.hostId && members.member(token.hostId)?.name) ?? null;
    const member =
      returning ?? token?.hostId ?? freeMemberName(wanted, (name) => members.member(name) !== null);
    if (returning !== null && role !== "agent" && members.member(returning)?.revoked !== false)
      throw new Refusal("member-revoked", { member });
    const issued = issue(member, role, publicKeyPem);
    store.transact((afterCommit) => {
      afterCommit(needs.onChange);
      if (returning === null) members.addMember(member, role, now());
      // An agent that is set up anew: what the machine had before counts no more.
      else if (role === "agent") members.reinstate(member, now());
      members.addCertificate(issued);
      if (token !== null) tokens.use(token.id, keyHash(publicKeyPem), issued.sha256);
      ledger.append({
        type: "member.joined",
        actor: `${role === "agent" ? "agent" : "user"}/${member}`,
        payload: {
          member,
          role,
          tokenId: token?.id ?? null,
          certificateSha256: issued.sha256,
          notAfterMs: issued.notAfterMs,
        },
      });
    });
    return answer(issued, role);
  }

  return {
    join({ token, csrPem, name, as = "user" }) {
      const row = tokens.bySha256(tokenHash(token));
      // Before anything that costs: whoever asks may be nobody.
      if (row === null) throw new Refusal("token-unknown");
      const publicKeyPem = publicKeyOfRequest(csrPem);
      const decision = decideEnrolment(row, { key: keyHash(publicKeyPem), as }, now());
      // A member that comes back has the role it has now, not the one of the day the link was made.
      const role = (row.forMember === null ? null : members.member(row.forMember)?.role) ?? row.role;
      if (decision === "enrol") return admit(name ?? "member", role, publicKeyPem, row);
      const issued = row.certificateSha256 === null ? null : members.certificate(row.certificateSha256);
      const member = issued === null ? null : members.member(issued.member);
      if (issued === null || member === null || issued.revoked || member.revoked)
        throw new Refusal("token-used", { reason: "The membership that it gave has ended." });
      return answer(issued, member.role);
    },
    renew(name, csrPem) {
      const publicKeyPem = publicKeyOfRequest(csrPem);
      const member = members.member(name);
      if (member === null || member.revoked) throw new Refusal("member-revoked", { member: name });
      const { role } = member;
      const kept = members.certificateForKey(name, keyHash(publicKeyPem));
      if (kept !== null && kept.notAfterMs - now() > lifetimeOf(role) * stillNew) return answer(kept, role);
      const issued = issue(name, role, publicKeyPem);
      store.transact((afterCommit) => {
        afterCommit(needs.onChange);
        members.addCertificate(issued);
        ledger.append({
          type: "member.renewed",
          actor: `${role === "agent" ? "agent" : "user"}/${name}`,
          payload: { member: name, certificateSha256: issued.sha256, notAfterMs: issued.notAfterMs },
        });
      });
      return answer(issued, role);
    },
    accepts(certificatePem) {
      const issued = members.certificate(certificateSha256(certificatePem));
      const member = issued && members.member(issued.member);
      return issued !== null && !issued.revoked && member !== null && !member.revoked;
    },
    enrolOwner: (name, csrPem) => admit(name, "admin", publicKeyOfRequest(csrPem), null),
  };
}

/** A certificate with more of its life left than this is given again for the same key. */
const stillNew = 0.9;

function lifetimeOf(role: Role): number {
  return role === "agent" ? lifetimes.agentMs : lifetimes.userMs;
}

function keyHash(publicKeyPem: string): string {
  return createHash("sha256").update(publicKeyPem).digest("hex");
}
