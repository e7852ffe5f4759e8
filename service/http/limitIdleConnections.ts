import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2SecureServer } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { AppLimits } from "./appLimits.ts";

/**
 * Closes connections that ask nothing: from the handshake to the first request, and then with no request under way. The
 * time runs until a request's head is whole, whatever else is sent: part of a head, pings.
 * Node's own limits know neither HTTP/2 nor, before Node 24, HTTP/1.1 on a server that speaks both.
 */
export function limitIdleConnections(server: Http2SecureServer, limits: AppLimits): void {
  const connections = new WeakMap<object, Idleness>();

  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") return;
    const idleness = limitIdleness(limits, () => socket.destroy());
    connections.set(socket, idleness);
    socket.once("close", idleness.stop);
  });
  server.on("request", (request: unknown, response: unknown) => {
    const idleness = connections.get((request as IncomingMessage).socket);
    if (!idleness) return;
    idleness.begin();
    (response as ServerResponse).once("close", idleness.end);
  });
  // A stream looks itself after clients that have gone silent.
  server.on("upgrade", ({ socket }: IncomingMessage) => connections.get(socket)?.stop());
  server.on("session", (session) => {
    const idleness = limitIdleness(limits, () => session.destroy());
    session.once("close", idleness.stop);
    session.on("stream", (stream) => {
      idleness.begin();
      stream.once("close", idleness.end);
    });
  });
}

/** A connection's time without requests. */
interface Idleness {
  /** A request has begun. */
  begin: () => void;
  /** A request has ended. */
  end: () => void;
  /** Counts no longer. */
  stop: () => void;
}

function limitIdleness(limits: AppLimits, expire: () => void): Idleness {
  let active = 0;
  let isOver = false;
  let timer = setTimeout(expire, limits.firstRequestMs);
  return {
    begin() {
      active += 1;
      clearTimeout(timer);
    },
    end() {
      active -= 1;
      if (active > 0 || isOver) return;
      clearTimeout(timer);
      timer = setTimeout(expire, limits.idleMs);
    },
    stop() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
