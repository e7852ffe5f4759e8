import type { IncomingMessage } from "node:http";
import { constants, type Http2ServerRequest } from "node:http2";
import type { FastifyRequest } from "fastify";

/** How long a client may go on sending a body that nobody wants, in milliseconds. */
const lingerMs = 2_000;

/**
 * Ends what is left of a request that was answered before its body had come: a refused upload, a body where none is
 * taken. The answer has been written; without this a body without end would be read for ever.
 */
export function dropUnreadBody(request: Pick<FastifyRequest, "raw" | "ws">): void {
  if (request.ws) return;
  const raw = request.raw as unknown as IncomingMessage | Http2ServerRequest;
  if ("stream" in raw) {
    const { stream } = raw;
    // `complete` is true here as soon as the answer is written.
    if (!stream.endAfterHeaders && !stream.readableEnded && !stream.closed)
      stream.close(constants.NGHTTP2_NO_ERROR);
    return;
  }
  // An upgrade that was answered like a request leaves a socket that nobody reads.
  if (raw.complete && raw.headers.upgrade === undefined) return;
  const { socket } = raw;
  raw.resume();
  socket.end();
  const linger = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(linger));
}
