import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { problemOf } from "../../protocol/problem.ts";

/** Answers what could not be read as HTTP/1.1 at all, and closes: there is no request and no reply to work with. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const reason =
    error.code === "HPE_HEADER_OVERFLOW" ? "Its headers are too large." : "It is not valid HTTP.";
  const body = JSON.stringify(problemOf("bad-request", { reason }));
  socket.end(
    [
      "HTTP/1.1 400 Bad Request",
      "content-type: application/problem+json",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
  setTimeout(() => socket.destroy(), 1_000).unref();
}

/** Answers an `Expect` that is not understood. In HTTP/2 a connection has no header of its own. */
export function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify(problemOf("bad-request", { reason: "Its Expect header is not understood." }));
  const close = request.httpVersionMajor < 2 ? { connection: "close" } : {};
  response.writeHead(400, { "content-type": "application/problem+json", ...close });
  response.end(body);
}
