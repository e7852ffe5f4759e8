import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, createSecureContext, type ConnectionOptions, type TLSSocket } from "node:tls";
import { makeCa, type KeyedCertificate } from "../../service/pki/x509.ts";
import { serverCertificate, userCertificate } from "../support/certificates.ts";
import { startServerChild, startServiceChild, type ServerChild } from "./serverChild.ts";

/** A TLS server in a process of its own, and how a client that it trusts connects. */
export interface TlsPeer extends Pick<ServerChild, "pid" | "end"> {
  options: ConnectionOptions;
}

const limitMs = 10_000;

/** The fleet's service with its owner as the client. */
export async function startServicePeer(dir: string): Promise<TlsPeer> {
  const { identity, ...child } = await startServiceChild(join(dir, "home"));
  return peerOf(child, identity.caPem, identity);
}

/** Node's TLS server alone, with keys and certificates of the same kinds from a CA of the same kind. */
export async function startBarePeer(dir: string): Promise<TlsPeer> {
  const fleetId = "00000000-0000-4000-8000-000000000000";
  const ca = { ...makeCa(fleetId, Date.now()), fleetId };
  const server = serverCertificate(ca);
  const file = join(dir, "bare.json");
  mkdirSync(dir, { recursive: true });
  const keys = { ca: ca.certificatePem, cert: server.certificatePem, key: server.keyPem };
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  const child = await startServerChild("runBareTls.ts", file);
  return peerOf(child, ca.certificatePem, userCertificate(ca, `spiffe://${fleetId}/user/bench`));
}

function peerOf(child: ServerChild, caPem: string, shown: KeyedCertificate): TlsPeer {
  const { certificatePem: cert, keyPem: key } = shown;
  // Made once: reading the PEM is no part of a handshake.
  const secureContext = createSecureContext({ ca: caPem, cert, key, minVersion: "TLSv1.3" });
  const { hostname: host, port } = new URL(child.url);
  const options = { host, port: Number(port), secureContext, ALPNProtocols: ["http/1.1"] };
  return { pid: child.pid, end: () => child.end(), options };
}

/** A connection whose handshake is over. */
export interface Shaken {
  socket: TLSSocket;
  /** With which the next ones can be resumed: the server's ticket, or the one that this was resumed with. */
  session: Buffer;
}

/**
 * Connects, full or resuming a session. A full handshake is over with the server's first ticket: that comes when it has
 * checked what the client has shown. A resumed one brings none; it rejects where the session was not resumed.
 */
export function shakeHands({ options }: TlsPeer, session: Buffer | null): Promise<Shaken> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options, ...(session ? { session } : {}) });
    socket.setTimeout(limitMs, () => socket.destroy(new Error("the handshake does not end")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the server closed the connection")));
    if (session === null) socket.once("session", (ticket: Buffer) => resolve({ socket, session: ticket }));
    else
      socket.once("secureConnect", () => {
        if (socket.isSessionReused()) resolve({ socket, session });
        else socket.destroy(new Error("the session was not resumed"));
      });
    socket.resume();
  });
}

/** Ends a connection and waits until the server has too: then it has done all that the handshake gave it to do. */
export async function hangUp(socket: TLSSocket): Promise<void> {
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.end();
  await closed;
}

/** Handshakes under way at a time. */
export const lanesAtOnce = 8;

/** Does something `count` times, at most eight at a time; each is told its lane. */
export async function inLanes(count: number, work: (lane: number) => Promise<void>): Promise<void> {
  const lanes = Array.from({ length: lanesAtOnce }, async (_, lane) => {
    for (let at = lane; at < count; at += lanesAtOnce) await work(lane);
  });
  await Promise.all(lanes);
}
