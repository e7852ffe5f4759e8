import type { IncomingMessage } from "node:http";
import { constants, type Http2ServerRequest } from "node:http2";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** How long a client may go on sending a body that nobody wants, in milliseconds. */
const lingerMs = 2_000;

/**
 * Ends what is left of requests that were answered before their body had come: a refused upload, a body where none is
 * taken. The answer has been written; without this a body without end would be taken for ever.
 */
export function dropUnreadBodies(app: FastifyInstance): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const raw = rawOf(request);
    // Over HTTP/2 `onResponse` waits for the client's half, too.
    if ("stream" in raw) raw.stream.once("finish", () => closeStream(raw.stream));
    done();
  });
  app.addHook("onResponse", (request, _reply, done) => {
    const raw = rawOf(request);
    if (!("stream" in raw) && !request.ws) endSocket(raw);
    done();
  });
}

/** The same for a request that no hook looks at. */
export function dropUnreadBody({ raw }: FastifyRequest, response: NodeJS.EventEmitter): void {
  const request = raw as IncomingMessage | Http2ServerRequest;
  if ("stream" in request) request.stream.once("finish", () => closeStream(request.stream));
  else response.once("finish", () => endSocket(request));
}

function rawOf(request: FastifyRequest): IncomingMessage | Http2ServerRequest {
  return request.raw;
}

function closeStream(stream: Http2ServerRequest["stream"]): void {
  if (!stream.endAfterHeaders && !stream.readableEnded && !stream.closed)
    stream.close(constants.NGHTTP2_NO_ERROR);
}

function endSocket(raw: IncomingMessage): void {
  // An upgrade or a CONNECT that was answered like a request leaves a socket that nobody reads.
  if (raw.complete && raw.headers.upgrade === undefined && raw.method !== "CONNECT") return;
  const { socket } = raw;
  raw.resume();
  socket.end();
  const linger = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(linger));
}
