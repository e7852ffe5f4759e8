import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { FastifyInstance } from "fastify";
import { Refusal } from "../../protocol/problem.ts";
import type { AppLimits } from "./appLimits.ts";
import { rateKey } from "./rateKey.ts";

/** Limits of answers that are not taken. */
type UnreadLimits = Pick<AppLimits, "unreadMs" | "unreadBytes">;

/** Times that an answer is looked at before it is cut off. */
const looks = 4;

/**
 * Answers wait in memory until the other side takes them, which it may never do. One of which nothing is taken for a time
 * is cut off: an HTTP/2 stream alone, else its connection. Who has too many bytes of answers waiting is refused more,
 * `answers-unread`.
 */
export function limitUnreadAnswers(app: FastifyInstance, limits: UnreadLimits): void {
  const waitingBytes = new Map<string, number>();
  const count = (key: string, bytes: number): void => {
    const now = (waitingBytes.get(key) ?? 0) + bytes;
    if (now > 0) waitingBytes.set(key, now);
    else waitingBytes.delete(key);
  };

  app.addHook("onRequest", (request, _reply, done) => {
    const waiting = waitingBytes.get(rateKey(request.peer, request.ip)) ?? 0;
    if (waiting > limits.unreadBytes)
      throw new Refusal("answers-unread", { mib: inMib(waiting), max: inMib(limits.unreadBytes) });
    done();
  });
  app.addHook("onSend", (request, { raw }, payload, done) => {
    const bytes = typeof payload === "string" || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0;
    const key = rateKey(request.peer, request.ip);
    count(key, bytes);
    const stopLooking = cutWhereStuck(raw, limits.unreadMs);
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      stopLooking();
      count(key, -bytes);
    };
    raw.once("finish", over).once("close", over);
    done(null, payload);
  });
}

const inMib = (bytes: number): number => Math.round((bytes / 1024 ** 2) * 10) / 10;

/** Cuts an answer off of which the other side takes nothing. Returns how to stop looking. */
function cutWhereStuck(answer: ServerResponse | Http2ServerResponse, limitMs: number): () => void {
  let before = 0;
  let same = 0;
  const look = (): void => {
    const waiting = answer.writableLength;
    same = waiting > 0 && waiting === before ? same + 1 : 0;
    before = waiting;
    if (same >= looks) cut(answer);
  };
  const timer = setInterval(look, limitMs / looks);
  timer.unref();
  return () => clearInterval(timer);
}

function cut(answer: ServerResponse | Http2ServerResponse): void {
  if ("stream" in answer) answer.stream.close(constants.NGHTTP2_CANCEL);
  else answer.destroy();
}
