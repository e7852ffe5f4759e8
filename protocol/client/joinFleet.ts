import type { X509Certificate } from "node:crypto";
import { addAbortSignal } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { parseJoinLink, type JoinLink } from "../joinLink.ts";
import { Refusal } from "../problem.ts";
import { joinServerName } from "../ca.ts";
import { certificatesIn, fingerprintOf, isSignedBy } from "./caChain.ts";
import type { Identity } from "./identity.ts";
import { makeCertificateRequest, type CertificateRequest } from "./makeCertificateRequest.ts";
import { pinnedTls, type FleetPin } from "./pinnedTls.ts";
import { createRouteClient, unreachable } from "./routeClient.ts";

const connectLimitMs = 10_000;

/**
 * Joins a fleet by its link. First fetches the service's certificate chain and looks in it for the CA whose fingerprint
 * the link names, sending nothing; then speaks over a connection verified against that CA only.
 * `fleetId`: the only fleet that may be joined; `already-joined` where the link is of another.
 * `known`: the memberships there are. A fleet's id is no secret and anybody may make a CA that bears it: a link of one of
 * these must lead to it by what the membership trusts, else it is `fleet-differs`, before token and request are sent.
 * `signal`: ends it with an `AbortError`; where the token was sent by then, the same request still gets the membership.
 * The same `request` may be used again after a lost answer: the token is bound to its key and gives the same membership.
 */
export async function joinFleet(
  linkText: string,
  options: {
    name?: string;
    request?: CertificateRequest;
    as?: "user" | "agent";
    fleetId?: string;
    known?: readonly FleetPin[];
    signal?: AbortSignal;
  } = {},
): Promise<Identity> {
  const link = parseJoinLink(linkText);
  if (!URL.canParse(link.url))
    throw new Refusal("link-invalid", { reason: "Its url is not https://address:port." });
  const { signal } = options;
  const ca = await fetchCa(link, signal);
  const pin = {
    url: link.url,
    caPem: ca.toString(),
    caFingerprint: link.caFingerprint,
    fleetId: fleetIdOf(ca),
  };
  if (options.fleetId !== undefined && options.fleetId !== pin.fleetId)
    throw new Refusal("already-joined", { home: "", fleet: options.fleetId });
  const known = options.known?.find(({ fleetId }) => fleetId === pin.fleetId);
  if (known !== undefined) await assertSameFleet(link.url, ca, known, signal);
  const request = options.request ?? (await makeCertificateRequest(options.name ?? "member"));
  const client = createRouteClient({ ...pin, servername: joinServerName(link.caFingerprint) });
  try {
    const body = {
      token: link.token,
      csrPem: request.csrPem,
      ...(options.name ? { name: options.name } : {}),
      as: options.as ?? "user",
    };
    const answer = await client.call("join", { body }, signal ? { signal } : {});
    if (!certificatesIn(answer.caPem).some((one) => one.raw.equals(ca.raw)))
      throw new Refusal("answer-invalid", { reason: "Its authorities are others than the link's." });
    return {
      ...pin,
      caPem: answer.caPem,
      bundleToken: answer.bundleToken,
      certificatePem: answer.certificatePem,
      keyPem: request.keyPem,
      member: answer.member,
      role: answer.role,
      notAfterMs: answer.notAfterMs,
    };
  } finally {
    client.close();
  }
}

function fleetIdOf(ca: X509Certificate): string {
  const fleetId = /URI:spiffe:\/\/([a-z0-9-]+)(,|$)/.exec(ca.subjectAltName ?? "")?.[1];
  if (fleetId === undefined)
    throw new Refusal("link-invalid", { reason: "The CA it names is not a fleet's." });
  return fleetId;
}

/** The CA certificate that the link's fingerprint names, from the chain the service shows. */
async function fetchCa(link: JoinLink, signal: AbortSignal | undefined): Promise<X509Certificate> {
  // The only unverified connection there is: it carries no byte of ours and ends when the chain is read. With no authority
  // at all, since of a chain that counts Node itself would read every certificate by getPeerCertificate().
  const servername = joinServerName(link.caFingerprint);
  // eslint-disable-next-line no-restricted-syntax -- see above
  const leaf = await shownCertificate(link.url, { servername, ca: [], rejectUnauthorized: false }, signal);
  for (let at: X509Certificate | undefined = leaf, hops = 0; at && hops < 10; hops++) {
    if (fingerprintOf(at) === link.caFingerprint) return at;
    at = at.issuerCertificate;
  }
  throw new Refusal("service-untrusted", {
    url: link.url,
    reason: "no certificate it shows has the fingerprint that the link names",
  });
}

/**
 * Throws `fleet-differs` unless the CA is one that the membership trusts, or what the membership trusts proves the service
 * whose certificate the CA has signed, as after rotations by cross-certificates.
 */
async function assertSameFleet(
  url: string,
  ca: X509Certificate,
  known: FleetPin,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (certificatesIn(known.caPem).some(({ raw }) => raw.equals(ca.raw))) return;
  const differs = (cause?: unknown) => new Refusal("fleet-differs", { url, fleet: known.fleetId }, { cause });
  const leaf = await shownCertificate(url, pinnedTls(known), signal).catch((error: unknown) => {
    throw error instanceof Refusal && error.code === "service-untrusted" ? differs(error) : error;
  });
  // What is at the address may pass on to the fleet's service: its word counts for the CA that has signed it only.
  if (!isSignedBy(leaf, ca)) throw differs();
}

/**
 * Certificate of a TLS server, which leads on to those it was signed by, verified as the options say. Nothing is sent over
 * it. Not by getPeerCertificate(), which ends the process at a key on a curve that it does not know (Node 24).
 */
function shownCertificate(
  url: string,
  options: ConnectionOptions,
  signal: AbortSignal | undefined,
): Promise<X509Certificate> {
  signal?.throwIfAborted();
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, "");
    const socket: TLSSocket = connect({ minVersion: "TLSv1.3", ...options, host, port: Number(port) });
    const fail = (cause: unknown): void => {
      socket.destroy();
      reject(unreachable(url, cause));
    };
    socket.setTimeout(connectLimitMs, () => fail(new Error(`no answer within ${connectLimitMs / 1_000} s`)));
    if (signal) addAbortSignal(signal, socket);
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      const leaf = socket.getPeerX509Certificate();
      socket.destroy();
      if (leaf === undefined) reject(unreachable(url, new Error("it showed no certificate")));
      else resolve(leaf);
    });
  });
}
