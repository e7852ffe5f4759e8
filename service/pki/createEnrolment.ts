import { createHash, randomBytes } from "node:crypto";
import type { Role } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import { decideEnrolment, freeMemberName } from "../domain/decideEnrolment.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { IssuedCertificate, MembersTable } from "../store/membersTable.ts";
import type { Store } from "../store/openStore.ts";
import type { TokenRow, TokensTable } from "../store/tokensTable.ts";
import type { Authority } from "./createAuthority.ts";
import { tokenHash } from "./createTokens.ts";
import { comebackCode } from "./comebackCode.ts";
import { actorOf } from "./identifyPeer.ts";
import { certificateSha256, lifetimes, publicKeyOfRequest, signCertificate } from "./x509.ts";

/** What enrolment needs. */
export interface EnrolmentNeeds {
  store: Pick<Store, "transact">;
  members: MembersTable;
  tokens: TokensTable;
  ledger: Pick<Ledger, "append">;
  authority: Pick<Authority, "fleetId" | "issuing" | "trusted" | "trustedPem">;
  now: () => number;
  /** Told once an event is durable. */
  onChange: () => void;
}

/** What a joiner sends. */
export interface JoinRequest {
  token: string;
  csrPem: string;
  name?: string | undefined;
  as?: "user" | "agent";
}

/** Lets people and agents into the fleet, and keeps them in. */
export interface Enrolment {
  /**
   * One-use token and certificate request for a certificate. The same key gets the same certificate again. Throws
   * `token-unknown` and what `decideEnrolment` throws.
   */
  join(request: JoinRequest): RouteAnswer<"join">;
  /** A further certificate for a member that shows a good one. The same key gets the same again, while it is new. */
  renew(member: string, csrPem: string): RouteAnswer<"join">;
  /**
   * A certificate for a member that shows one that has run out, once an admin has approved the key. Throws
   * `approval-needed` until then, and `another-asks` while another key waits for the same.
   */
  comeBack(member: string, csrPem: string): RouteAnswer<"join">;
  /** Makes a member without a token: only for the owner, on the service's own machine. */
  enrolOwner(name: string, csrPem: string): RouteAnswer<"join">;
  /** Notes that a member trusts every authority there is: for the owner, whose file the service itself keeps. */
  noteTrust(member: string): void;
  /** Whether a certificate was issued here and still counts. */
  accepts(certificatePem: string): boolean;
}

/** Enrolment by one-use tokens; every admission is a ledger event in the transaction of its rows. */
export function createEnrolment(needs: EnrolmentNeeds): Enrolment {
  const { store, members, tokens, ledger, authority, now } = needs;

  function sign(member: string, role: Role, publicKeyPem: string): IssuedCertificate {
    const ca = authority.issuing();
    const lifetimeMs = lifetimeOf(role);
    const nowMs = now();
    const pem = signCertificate(
      ca,
      {
        publicKeyPem,
        commonName: member,
        uri: `spiffe://${ca.fleetId}/${actorOf({ member, role })}`,
        addresses: [],
        usage: "client",
        lifetimeMs,
      },
      nowMs,
    );
    const notAfterMs = nowMs + lifetimeMs;
    const keySha256 = keyHash(publicKeyPem);
    return { sha256: certificateSha256(pem), member, pem, notAfterMs, keySha256, caSha256: ca.fingerprint };
  }

  /**
   * What the member is given; a token for the bundle of authorities that takes the place of the one before. Who joins
   * takes the authorities over; who renews follows them by their signatures.
   */
  function give(issued: IssuedCertificate, role: Role, joins: boolean): RouteAnswer<"join"> {
    const { member, pem: certificatePem, notAfterMs } = issued;
    const bundleToken = randomBytes(24).toString("base64url");
    const trusted = authority.trusted().map(({ fingerprint }) => fingerprint);
    store.transact(() => {
      members.setBundleToken(member, tokenHash(bundleToken));
      if (joins) members.setTrusts(member, trusted);
    });
    const caPem = authority.trustedPem();
    return { fleetId: authority.fleetId, member, role, certificatePem, caPem, notAfterMs, bundleToken };
  }

  /** A new member, or for a token that names one the member that is there. */
  function admit(
    wanted: string,
    role: Role,
    publicKeyPem: string,
    token: TokenRow | null,
  ): RouteAnswer<"join"> {
    const named = token?.forMember ?? token?.hostId ?? null;
    const there = named === null ? null : members.member(named);
    const member = named ?? freeMemberName(wanted, (name) => members.member(name) !== null);
    if (token?.forMember && there?.revoked !== false) throw new Refusal("member-revoked", { member });
    const issued = sign(member, role, publicKeyPem);
    store.transact((afterCommit) => {
      afterCommit(needs.onChange);
      if (there === null) members.addMember(member, role, now());
      // An agent that is set up anew: what the machine had before counts no more.
      else if (role === "agent") members.reinstate(member, now());
      members.addCertificate(issued);
      members.askBack(member, null, null);
      if (token !== null) tokens.use(token.id, keyHash(publicKeyPem), issued.sha256);
      const { sha256: certificateSha256, notAfterMs } = issued;
      ledger.append({
        type: "member.joined",
        actor: actorOf({ member, role }),
        payload: { member, role, tokenId: token?.id ?? null, certificateSha256, notAfterMs },
      });
    });
    return give(issued, role, true);
  }

  function roleOf(name: string): Role {
    const member = members.member(name);
    if (member === null || member.revoked) throw new Refusal("member-revoked", { member: name });
    return member.role;
  }

  function renew(name: string, publicKeyPem: string): RouteAnswer<"join"> {
    const role = roleOf(name);
    const kept = members.certificateForKey(name, keyHash(publicKeyPem));
    if (kept !== null && kept.notAfterMs - now() > lifetimeOf(role) * stillNew)
      return give(kept, role, false);
    const issued = sign(name, role, publicKeyPem);
    store.transact((afterCommit) => {
      afterCommit(needs.onChange);
      members.addCertificate(issued);
      members.askBack(name, null, null);
      const { sha256: certificateSha256, notAfterMs } = issued;
      const payload = { member: name, certificateSha256, notAfterMs };
      ledger.append({ type: "member.renewed", actor: actorOf({ member: name, role }), payload });
    });
    return give(issued, role, false);
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
      return give(issued, member.role, true);
    },
    renew: (name, csrPem) => renew(name, publicKeyOfRequest(csrPem)),
    comeBack(name, csrPem) {
      const publicKeyPem = publicKeyOfRequest(csrPem);
      const role = roleOf(name);
      const key = keyHash(publicKeyPem);
      // A certificate that was given already, and whose answer was lost.
      const given = members.certificateForKey(name, key);
      if (given !== null && given.notAfterMs > now()) return give(given, role, false);
      const { askedKey, askedAtMs, approvedKey } = members.askedBack(name);
      if (approvedKey === key) return renew(name, publicKeyPem);
      if (members.hasGood(name, now()))
        throw new Refusal("certificate-refused", { reason: `${name} has a newer one, which is good.` });
      const isHeld = askedAtMs !== null && Math.abs(now() - askedAtMs) < askingHoldsMs;
      const code = comebackCode(key);
      if (askedKey !== null && askedKey !== key && isHeld)
        throw new Refusal("another-asks", { member: name }); // whoever asks may be a thief: no word of the code
      if (askedKey !== key)
        store.transact((afterCommit) => {
          afterCommit(needs.onChange);
          members.askBack(name, key, now());
          const actor = actorOf({ member: name, role });
          ledger.append({ type: "member.asked-back", actor, payload: { member: name, code } });
        });
      throw new Refusal("approval-needed", { member: name, code });
    },
    noteTrust: (member) =>
      members.setTrusts(
        member,
        authority.trusted().map(({ fingerprint }) => fingerprint),
      ),
    accepts(certificatePem) {
      const issued = members.certificate(certificateSha256(certificatePem));
      const member = issued && members.member(issued.member);
      return issued !== null && !issued.revoked && member !== null && !member.revoked;
    },
    enrolOwner: (name, csrPem) => admit(name, "admin", publicKeyOfRequest(csrPem), null),
  };
}

/** So long another key cannot take the place of one that asks, so that an approval meets who asked. */
const askingHoldsMs = 3_600_000;

/** A certificate with more of its life left than this is given again for the same key. */
const stillNew = 0.9;

function lifetimeOf(role: Role): number {
  return role === "agent" ? lifetimes.agentMs : lifetimes.userMs;
}

function keyHash(publicKeyPem: string): string {
  return createHash("sha256").update(publicKeyPem).digest("hex");
}
