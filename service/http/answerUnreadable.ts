import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { problemOf } from "../../protocol/problem.ts";
import type { TurnedAway } from "./limitStrangers.ts";

/** How long its client may take to read the answer, in milliseconds. */
const lingerMs = 1_000;

/**
 * Answers what could not be read as HTTP/1.1 at all, and closes: there is no request and no reply to work with. Who is
 * turned away is told that, and nothing of what could not be read.
 */
export function answerUnreadable(
  error: Error & { code?: string },
  socket: Socket,
  turnedAway: () => TurnedAway | null,
): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const reason =
    error.code === "HPE_HEADER_OVERFLOW" ? "Its headers are too large." : "It is not valid HTTP.";
  const away = turnedAway();
  const problem =
    away === null ? problemOf("bad-request", { reason }) : problemOf(away.refusal.code, away.refusal.facts);
  const { status = 400 } = problem;
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "content-type: application/problem+json",
      `content-length: ${Buffer.byteLength(body)}`,
      ...(away !== null && away.retryAfterS > 0 ? [`retry-after: ${away.retryAfterS}`] : []),
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
