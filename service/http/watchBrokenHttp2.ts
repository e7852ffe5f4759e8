import type { Http2SecureServer } from "node:http2";
import type { TLSSocket } from "node:tls";

/** Tells of connections that end because what they said is no HTTP/2. Node ends them itself, without a request. */
export function watchBrokenHttp2(server: Http2SecureServer, onBroken: (socket: TLSSocket) => void): void {
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol !== "h2") return;
    // The session has let go of its socket when it tells of an error; the socket is destroyed with the same.
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ERR_HTTP2_ERROR" || code === "ERR_HTTP2_TOO_MANY_INVALID_FRAMES") onBroken(socket);
    });
  });
}
