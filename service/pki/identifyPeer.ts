import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Role } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { MembersTable } from "../store/membersTable.ts";

/** Who is at the other end of a connection. */
export interface Peer {
  /** A person's name; of an agent the id of its host. */
  member: string;
  role: Role;
  /** SHA-256 of its certificate's DER; empty where it has shown its bundle token only. */
  certificateSha256: string;
  proof: Proof;
}

/** By what a peer has shown who it is: a certificate in force, one that has run out, or the token for the bundle. */
export type Proof = "certificate" | "lapsed-certificate" | "bundle-token";

/** How a peer is named in the ledger: `user/<name>` or `agent/<host id>`. */
export function actorOf({ member, role }: Pick<Peer, "member" | "role">): string {
  return `${role === "agent" ? "agent" : "user"}/${member}`;
}

/**
 * The member behind a TLS connection: its certificate must be signed by the fleet's CA, be in its dates, name a user or
 * an agent of this fleet by SPIFFE id, be one that was issued, and neither it nor the member revoked. Throws
 * `no-certificate`, `certificate-refused`, `certificate-expired`. Called on every request, and again for every open stream.
 * Where those that have run out are let through, it is by the certificate as it was issued, byte for byte, whose key the
 * handshake has proven.
 */
export function identifyPeer(
  socket: TLSSocket,
  fleetId: string,
  members: Pick<MembersTable, "certificate" | "member">,
  nowMs: number,
  alsoLapsed = false,
): Peer {
  const { uri, sha256, error } = shownBy(socket);
  const issued = members.certificate(sha256);
  const member = issued && members.member(issued.member);
  if (!issued || !member)
    throw refused(error === null ? "It was not issued by this fleet." : reasonOf(error));
  if (uri !== `spiffe://${fleetId}/${actorOf({ ...member, member: member.name })}`)
    throw refused("It does not name a member of this fleet.");
  if (issued.revoked || member.revoked) throw refused("It was revoked.");
  const peer = { member: member.name, role: member.role, certificateSha256: sha256 };
  // Not in force any more, or not by an authority that still is.
  const hasRunOut = nowMs > issued.notAfterMs || (error !== null && /EXPIRED/.test(error));
  const isOrphan = alsoLapsed && error !== null && !/NOT_YET/.test(error);
  const lapsed = hasRunOut || isOrphan;
  if (lapsed && alsoLapsed) return { ...peer, proof: "lapsed-certificate" };
  if (lapsed)
    throw new Refusal("certificate-expired", {
      member: member.name,
      at: new Date(issued.notAfterMs).toISOString(),
    });
  if (error !== null) throw refused(reasonOf(error));
  return { ...peer, proof: "certificate" };
}

/** What a connection has shown, and why OpenSSL does not accept it. */
interface Shown {
  uri: string;
  sha256: string;
  error: string | null;
}

/** What connections have shown. TLS 1.3 knows no renegotiation, so it is read once for each. */
const shown = new WeakMap<TLSSocket, Shown>();

function shownBy(socket: TLSSocket): Shown {
  const known = shown.get(socket);
  if (known) return known;
  // In this order: a resumed session without a certificate counts as authorized. And not by getPeerCertificate(), which
  // ends the process at a certificate with a key on a curve that it does not know (Node 24), whoever shows it.
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new Refusal("no-certificate");
  const uri = /(?:^|, )URI:([^,]+)/.exec(certificate.subjectAltName ?? "")?.[1] ?? "";
  const sha256 = createHash("sha256").update(certificate.raw).digest("hex");
  const facts = { uri, sha256, error: socket.authorized ? null : String(socket.authorizationError) };
  shown.set(socket, facts);
  return facts;
}

function refused(reason: string): Refusal {
  return new Refusal("certificate-refused", { reason });
}

function reasonOf(error: string): string {
  if (/NOT_YET/.test(error)) return "It is not valid yet; check the clocks.";
  return "It is not signed by this fleet's CA.";
}
