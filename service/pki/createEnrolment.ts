import { createHash, randomBytes } from "node:crypto";
import type { Role } from "../../protocol/ids.ts";
import { formatJoinLink } from "../../protocol/joinLink.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import { decideEnrolment, freeMemberName } from "../domain/decideEnrolment.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { MembersTable } from "../store/membersTable.ts";
import type { Store } from "../store/openStore.ts";
import type { FleetCa } from "./fleetKeys.ts";
import { certificateSha256, lifetimes, publicKeyOfRequest, signCertificate } from "./x509.ts";

/** Default life of a join token. */
export const tokenTtlMs = 15 * 60_000;

/** What enrolment needs. */
export interface EnrolmentNeeds {
  store: Pick<Store, "transact">;
  members: MembersTable;
  ledger: Pick<Ledger, "append">;
  ca: FleetCa;
  /** Address to put into links. */
  url: () => string;
  now: () => number;
  /** Told once an event is durable. */
  onChange: () => void;
}

/** Lets people into the fleet. */
export interface Enrolment {
  createToken(role: Role, ttlMs: number, actor: string): RouteAnswer<"createToken">;
  /** One-use token and certificate request for a certificate. The same key gets the same answer again. */
  join(request: { token: string; csrPem: string; name?: string }): RouteAnswer<"join">;
  /** Makes a member without a token: only for the owner, on the service's own machine. */
  enrolOwner(name: string, csrPem: string): RouteAnswer<"join">;
  /** Whether a certificate was issued here and still counts. */
  accepts(certificatePem: string): boolean;
}

/** Enrolment by one-use tokens; every admission is a ledger event in the transaction of its rows. */
export function createEnrolment(needs: EnrolmentNeeds): Enrolment {
  const { store, members, ledger, ca, now } = needs;

  function admit(
    wanted: string,
    role: Role,
    publicKeyPem: string,
    token: string | null,
  ): RouteAnswer<"join"> {
    const member = freeMemberName(wanted, (name) => members.member(name) !== null);
    const nowMs = now();
    const certificatePem = signCertificate(
      ca,
      {
        publicKeyPem,
        commonName: member,
        uri: `spiffe://${ca.fleetId}/user/${member}`,
        addresses: [],
        usage: "client",
        lifetimeMs: lifetimes.userMs,
      },
      nowMs,
    );
    const sha256 = certificateSha256(certificatePem);
    const notAfterMs = nowMs + lifetimes.userMs;
    store.transact((afterCommit) => {
      afterCommit(needs.onChange);
      members.addMember(member, role, nowMs);
      members.addCertificate({ sha256, member, pem: certificatePem, notAfterMs });
      if (token !== null) members.useToken(token, keyHash(publicKeyPem), sha256);
      ledger.append({
        type: "member.joined",
        actor: `user/${member}`,
        payload: { member, role, tokenId: token, certificateSha256: sha256, notAfterMs },
      });
    });
    return { fleetId: ca.fleetId, member, role, certificatePem, caPem: ca.certificatePem, notAfterMs };
  }

  return {
    createToken(role, ttlMs, actor) {
      const token = randomBytes(24).toString("base64url");
      const id = `t-${randomBytes(8).toString("hex")}`;
      const expiresAtMs = now() + ttlMs;
      store.transact((afterCommit) => {
        afterCommit(needs.onChange);
        members.addToken(id, tokenHash(token), role, expiresAtMs);
        ledger.append({ type: "token.created", actor, payload: { tokenId: id, role, expiresAtMs } });
      });
      const link = { url: needs.url(), token, caFingerprint: ca.fingerprint };
      return { link: formatJoinLink(link), editorLink: formatJoinLink(link, "vscode"), role, expiresAtMs };
    },
    join({ token, csrPem, name }) {
      const row = members.token(tokenHash(token));
      // Before anything that costs: whoever asks may be nobody.
      if (row === null) throw new Refusal("token-refused", { reason: "It is not one of this fleet's." });
      const publicKeyPem = publicKeyOfRequest(csrPem);
      const decision = decideEnrolment(row, keyHash(publicKeyPem), now());
      if (decision === "enrol") return admit(name ?? "member", row.role, publicKeyPem, row.id);
      const issued = row.certificateSha256 === null ? null : members.certificate(row.certificateSha256);
      const member = issued === null ? null : members.member(issued.member);
      if (issued === null || member === null || issued.revoked || member.revoked)
        throw new Refusal("token-refused", { reason: "The membership it gave has ended." });
      return {
        fleetId: ca.fleetId,
        member: member.name,
        role: member.role,
        certificatePem: issued.pem,
        caPem: ca.certificatePem,
        notAfterMs: issued.notAfterMs,
      };
    },
    accepts(certificatePem) {
      const issued = members.certificate(certificateSha256(certificatePem));
      const member = issued && members.member(issued.member);
      return issued !== null && !issued.revoked && member !== null && !member.revoked;
    },
    enrolOwner: (name, csrPem) => admit(name, "admin", publicKeyOfRequest(csrPem), null),
  };
}

function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function keyHash(publicKeyPem: string): string {
  return createHash("sha256").update(publicKeyPem).digest("hex");
}
