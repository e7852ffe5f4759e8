import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { problemOf, type Problem } from "../../protocol/problem.ts";

/** Answers what could not be read as HTTP/1.1 at all, and closes: there is no request and no reply to work with. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const reason =
    error.code === "HPE_HEADER_OVERFLOW" ? "Its headers are too large." : "It is not valid HTTP.";
  endWith(socket, 400, problemOf("bad-request", { reason }));
}

/** Answers a CONNECT over HTTP/1.1, which Node hands over as a bare socket, and over HTTP/2. */
export function answerConnect(_request: IncomingMessage, reply: Socket | ServerResponse): void {
  const problem = problemOf("bad-request", { reason: "This service is no proxy: it takes no CONNECT." });
  if (!("writeHead" in reply)) return endWith(reply, 400, problem);
  reply.writeHead(400, { "content-type": "application/problem+json" });
  reply.end(JSON.stringify(problem));
}

function endWith(socket: Socket, status: number, problem: Problem): void {
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
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
