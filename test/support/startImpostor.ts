import {
  connect as connectTcp,
  createServer as createTcpServer,
  type AddressInfo,
  type Socket,
} from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { KeyedCertificate } from "../../service/pki/x509.ts";

/** How somebody in between takes a connection: passes on what it cannot read, or ends TLS with a certificate of its own. */
export type Face = { kind: "relay" } | ({ kind: "own" } & KeyedCertificate);

/** Somebody between a joiner and the service. */
export interface Impostor {
  port: number;
  /** Connections taken so far. */
  connections(): number;
  /** Handshakes with its own certificate that were begun, whether or not the joiner went through with them. */
  handshakes(): number;
  /** Everything that it could read: what it decrypted, and the bytes that it passed on as they came. */
  seen(): { decrypted: Buffer; relayed: Buffer };
  end(): Promise<void>;
}

/**
 * Listens on loopback, takes the first connection as `faces[0]` says, the second as `faces[1]`, those after the last as
 * the last, and passes on to the service what it reads, so that nobody notices.
 */
export async function startImpostor(
  service: { port: number; caPem: string },
  faces: readonly Face[],
): Promise<Impostor> {
  const decrypted: Buffer[] = [];
  const relayed: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let handshakes = 0;

  const keep = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const join = (from: Socket, to: Socket, record: Buffer[]): void => {
    from.on("data", (bytes: Buffer) => record.push(bytes));
    from.pipe(to).pipe(from);
    from.once("close", () => to.destroy());
    to.once("close", () => from.destroy());
  };
  const relay = (socket: Socket): void => join(socket, keep(connectTcp(service.port, "127.0.0.1")), relayed);
  const ownEnd = ({ certificatePem, keyPem }: KeyedCertificate) => {
    const server = createTlsServer({ cert: certificatePem, key: keyPem }, (socket) => {
      const options = { host: "127.0.0.1", port: service.port, ca: service.caPem };
      join(keep(socket), keep(connectTls({ ...options, checkServerIdentity: () => undefined })), decrypted);
    });
    server.on("tlsClientError", () => undefined);
    return server;
  };
  const takers = faces.map((face) => {
    if (face.kind === "relay") return relay;
    const server = ownEnd(face);
    return (socket: Socket): void => {
      handshakes += 1;
      server.emit("connection", socket);
    };
  });

  const server = createTcpServer((socket) => {
    const take = takers[Math.min(connections, takers.length - 1)];
    connections += 1;
    take?.(keep(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    handshakes: () => handshakes,
    seen: () => ({ decrypted: Buffer.concat(decrypted), relayed: Buffer.concat(relayed) }),
    async end() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
