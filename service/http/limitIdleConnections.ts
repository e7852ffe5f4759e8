import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2SecureServer } from "node:http2";
import type { TLSSocket } from "node:tls";

const firstRequestMs = 30_000;
const idleMs = 120_000;

/**
 * Closes connections that ask nothing: within 30 s of the handshake, or for 120 s with no request under way.
 * Node's own limits for HTTP/1.1 do not hold on a server that speaks HTTP/2 as well.
 */
export function limitIdleConnections(server: Http2SecureServer): void {
  const connections = new WeakMap<object, { first: NodeJS.Timeout; active: number }>();

  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") return;
    const first = setTimeout(() => socket.destroy(), firstRequestMs);
    const connection = { first, active: 0 };
    connections.set(socket, connection);
    socket.once("close", () => clearTimeout(first));
    socket.setTimeout(idleMs, () => {
      if (connection.active === 0) socket.destroy();
    });
  });
  server.on("request", (request: unknown, response: unknown) => {
    const connection = connections.get((request as IncomingMessage).socket);
    if (!connection) return;
    clearTimeout(connection.first);
    connection.active += 1;
    (response as ServerResponse).once("close", () => (connection.active -= 1));
  });
  server.on("upgrade", (request: IncomingMessage) => clearTimeout(connections.get(request.socket)?.first));
  server.on("session", (session) => {
    let active = 0;
    session.on("stream", (stream) => {
      active += 1;
      stream.once("close", () => (active -= 1));
    });
    session.setTimeout(idleMs, () => {
      if (active === 0) session.close();
    });
  });
}
