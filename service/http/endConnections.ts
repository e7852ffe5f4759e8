import type { Http2SecureServer } from "node:http2";
import type { Socket } from "node:net";

/** How long open connections may go on when the service stops, in milliseconds. */
const graceMs = 1_000;

/**
 * Keeps count of a server's connections. The result gives those that are open a moment to end and then ends them: a
 * server waits for all of them before it is closed, and Node ends neither kept HTTP/1.1 ones nor those without TLS yet.
 */
export function endConnections(server: Http2SecureServer): () => void {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return () => {
    const grace = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, graceMs);
    server.once("close", () => clearTimeout(grace));
  };
}
