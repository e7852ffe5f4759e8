import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { Refusal } from "../../protocol/problem.ts";
import type { AppLimits } from "./appLimits.ts";
import { rateKey } from "./rateKey.ts";

/** Limits of answers that are not taken. */
type UnreadLimits = Pick<AppLimits, "unreadMs" | "unreadBytes">;
type Answer = ServerResponse | Http2ServerResponse;

/** Times that an answer is looked at before it is cut off. */
const looks = 4;

/**
 * Answers wait in memory until the other side takes them, which it may never do. One of which nothing is taken for a time
 * is cut off: an HTTP/2 stream alone, else its connection. Who has too many bytes of answers waiting is refused large ones,
 * `answers-unread`, and in the end all.
 */
export function limitUnreadAnswers(app: FastifyInstance, limits: UnreadLimits): void {
  const waitingBytes = new Map<string, number>();
  const waitingOf = (key: string): number => waitingBytes.get(key) ?? 0;
  const count = (key: string, bytes: number): void => {
    const now = waitingOf(key) + bytes;
    if (now > 0) waitingBytes.set(key, now);
    else waitingBytes.delete(key);
  };
  const tooMuch = (waiting: number): Refusal =>
    new Refusal("answers-unread", { mib: inMib(waiting), max: inMib(limits.unreadBytes) });

  app.addHook("onRequest", (request, _reply, done) => {
    const waiting = waitingOf(rateKey(request.peer, request.ip));
    if (waiting > limits.unreadBytes) throw tooMuch(waiting);
    done();
  });
  app.addHook("onSend", (request, { raw }, payload, done) => {
    const bytes = typeof payload === "string" || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0;
    const key = rateKey(request.peer, request.ip);
    const waiting = waitingOf(key);
    // Many may have been asked for before the first of them was there.
    if (bytes > smallBytes && waiting > 0 && waiting + bytes > limits.unreadBytes)
      return done(tooMuch(waiting));
    count(key, bytes);
    const stopLooking = cutWhereStuck(raw, limits.unreadMs);
    whenOver(raw, request.raw.socket, () => {
      stopLooking();
      count(key, -bytes);
    });
    done(null, payload);
  });
}

/** Problem documents are smaller. */
const smallBytes = 16 * 1024;
const inMib = (bytes: number): number => Math.round((bytes / 1024 ** 2) * 10) / 10;

/** What is to be done at the end of connections that speak HTTP/1.1: an answer that waits behind others may not tell its own. */
const atEnd = new WeakMap<Socket, Set<() => void>>();

/** Runs once: when an answer was taken, or was given up, or its connection has ended. */
function whenOver(answer: Answer, socket: Socket, run: () => void): void {
  const others = atEnd.get(socket) ?? new Set();
  if (!atEnd.has(socket)) {
    atEnd.set(socket, others);
    socket.once("close", () => others.forEach((end) => end()));
  }
  const over = (): void => {
    if (others.delete(over)) run();
  };
  others.add(over);
  answer.once("finish", over).once("close", over);
}

/** Cuts an answer off of which the other side takes nothing. Returns how to stop looking. */
function cutWhereStuck(answer: Answer, limitMs: number): () => void {
  let before = 0;
  let same = 0;
  // A piece was taken, and one of the same size may wait by now.
  const progress = (): void => void (before = -1);
  const look = (): void => {
    const waiting = isFirst(answer) ? answer.writableLength : 0;
    same = waiting > 0 && waiting === before ? same + 1 : 0;
    before = waiting;
    if (same >= looks) cut(answer, same > looks);
  };
  answer.on("drain", progress);
  const timer = setInterval(look, limitMs / looks);
  timer.unref();
  return () => {
    clearInterval(timer);
    answer.off("drain", progress);
  };
}

/** Over HTTP/1.1 an answer waits for those asked for before it; that is none of its own doing. */
const isFirst = (answer: Answer): boolean => "stream" in answer || answer.socket !== null;

/** `again`: the connection takes not even the word that a stream of it has ended. */
function cut(answer: Answer, again: boolean): void {
  if (!("stream" in answer)) answer.socket?.destroy();
  else if (again) answer.stream.session?.destroy();
  else answer.stream.close(constants.NGHTTP2_CANCEL);
}
