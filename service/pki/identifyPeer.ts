import { createHash } from "node:crypto";
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { Role } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { MembersTable } from "../store/membersTable.ts";

/** Who is at the other end of a connection. */
export interface Peer {
  member: string;
  role: Role;
  /** SHA-256 of its certificate's DER. */
  certificateSha256: string;
}

/**
 * The member behind a TLS connection: its certificate must be signed by the fleet's CA, be in its dates, name a user of
 * this fleet by SPIFFE id, be one that was issued, and neither it nor the member revoked. Throws `no-certificate` or
 * `certificate-refused`. Called on every request, and again for every open stream.
 */
export function identifyPeer(
  socket: TLSSocket,
  fleetId: string,
  members: Pick<MembersTable, "certificate" | "member">,
  nowMs: number,
): Peer {
  const { uri, sha256 } = shownBy(socket);
  const prefix = `spiffe://${fleetId}/user/`;
  if (!uri.startsWith(prefix)) throw refused("It does not name a member of this fleet.");
  const name = uri.slice(prefix.length);
  const issued = members.certificate(sha256);
  const member = members.member(name);
  if (!issued || issued.member !== name || !member) throw refused("It was not issued by this fleet.");
  if (issued.revoked || member.revoked) throw refused("It was revoked.");
  if (nowMs > issued.notAfterMs) throw refused("It has expired.");
  return { member: name, role: member.role, certificateSha256: sha256 };
}

/** What connections have shown. TLS 1.3 knows no renegotiation, so it is read once for each. */
const shown = new WeakMap<TLSSocket, { uri: string; sha256: string }>();

function shownBy(socket: TLSSocket): { uri: string; sha256: string } {
  const known = shown.get(socket);
  if (known) return known;
  // In this order: a resumed session without a certificate counts as authorized.
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate> | null;
  if (!certificate?.raw) throw new Refusal("no-certificate");
  if (!socket.authorized) throw refused(reasonOf(String(socket.authorizationError)));
  const uri = /(?:^|, )URI:([^,]+)/.exec(certificate.subjectaltname ?? "")?.[1] ?? "";
  const facts = { uri, sha256: createHash("sha256").update(certificate.raw).digest("hex") };
  shown.set(socket, facts);
  return facts;
}

function refused(reason: string): Refusal {
  return new Refusal("certificate-refused", { reason });
}

function reasonOf(error: string): string {
  if (/EXPIRED/.test(error)) return "It has expired.";
  if (/NOT_YET/.test(error)) return "It is not valid yet; check the clocks.";
  return "It is not signed by this fleet's CA.";
}
