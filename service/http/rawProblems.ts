import type { ServerResponse } from "node:http";
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

/** Answers an `Expect` that is not understood. */
export function answerExpectation(_request: unknown, response: ServerResponse): void {
  const body = JSON.stringify(problemOf("bad-request", { reason: "Its Expect header is not understood." }));
  response.writeHead(400, { "content-type": "application/problem+json", connection: "close" });
  response.end(body);
}
