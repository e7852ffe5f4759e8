import type { WebSocket } from "ws";
import type { JobRecord } from "../../../protocol/job.ts";
import type { JobId } from "../../../protocol/ids.ts";
import { problemOfError, Refusal } from "../../../protocol/problem.ts";
import {
  certificateRanOut,
  clientMessageSchema,
  pingIntervalMs,
  type ClientMessage,
} from "../../../protocol/stream.ts";
import { programVersion, protocolVersion } from "../../../protocol/version.ts";
import type { Peer } from "../../pki/identifyPeer.ts";
import { openSubscription, type OpenSubscription, type Outlet } from "./openSubscription.ts";
import type { LogSource } from "./pumpLog.ts";
import type { TopicSource } from "./topics.ts";

/** What a stream session needs. */
export interface SessionNeeds {
  fleetId: string;
  peer: Peer;
  /** Throws when the peer is no longer who it was: revoked, expired. */
  stillWelcome: () => void;
  topics: TopicSource;
  logs: LogSource;
  job: (id: JobId) => JobRecord | null;
  now: () => number;
  /** Told what was refused to the peer. */
  onRefused: (code: string, request: string) => void;
}

/** A client's WebSocket, as others may end it. */
export interface Session {
  /** The service is stopping. */
  stop(): void;
  /** The peer is no longer who it was: ends the stream, for good where it is not welcome any more. */
  recheck(): void;
}

const helloLimitMs = 10_000;
const maxSubscriptions = 500;
/** Bytes waiting above which nothing more is heard: each message may ask for more. */
const deafBytes = 8 * 1_048_576;

/**
 * Serves one client's WebSocket: whole records on subscribing, then whole records of what changed, at most every
 * 100 ms and never more than the client takes.
 */
export function createSession(socket: WebSocket, needs: SessionNeeds): Session {
  const subscriptions = new Map<number, OpenSubscription>();
  let greeted = false;
  let heardAtMs = needs.now();

  const outlet: Outlet = {
    send(message) {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message), taken);
    },
    sendFrame(head, bytes) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(head, { binary: true, fin: false });
      socket.send(bytes, { binary: true, fin: true }, taken);
    },
    waitingBytes: () => socket.bufferedAmount,
  };

  function taken(): void {
    if (socket.isPaused && socket.bufferedAmount <= deafBytes / 2) socket.resume();
    for (const subscription of subscriptions.values()) subscription.roomAgain();
  }

  function subscribe(message: ClientMessage & { type: "subscribe" }): void {
    const { id, topic } = message;
    if (subscriptions.has(id))
      throw new Refusal("bad-request", { reason: `Subscription ${id} is open already.` });
    if (subscriptions.size >= maxSubscriptions)
      throw new Refusal("bad-request", {
        reason: `At most ${maxSubscriptions} subscriptions are open at once.`,
      });
    const { logs, job } = needs;
    const logFrom = message.logFrom ?? null;
    const opened = needs.topics.open(topic, needs.peer);
    const onBroken = (): void => unsubscribe(id);
    subscriptions.set(id, openSubscription({ id, topic: opened, logFrom, outlet, logs, job, onBroken }));
  }

  function unsubscribe(id: number): void {
    subscriptions.get(id)?.stop();
    subscriptions.delete(id);
  }

  function handle(message: ClientMessage): void {
    if (message.type === "hello") return greet(message.protocol);
    if (!greeted) throw new Refusal("bad-request", { reason: "The first message is hello." });
    switch (message.type) {
      case "subscribe":
        return subscribe(message);
      case "unsubscribe":
        return unsubscribe(message.id);
      case "credit":
        return subscriptions.get(message.id)?.credit(message.bytes);
      case "ping":
        return outlet.send({ type: "pong", nonce: message.nonce });
    }
  }

  function greet(protocol: number): void {
    if (protocol !== protocolVersion)
      throw new Refusal("protocol-mismatch", { service: protocolVersion, peer: protocol });
    greeted = true;
    const { fleetId, peer } = needs;
    const { member, role } = peer;
    outlet.send({ type: "hello", protocol: protocolVersion, version: programVersion, fleetId, member, role });
  }

  function end(code: number, reason: string): void {
    release();
    socket.close(code, reason.slice(0, 120));
    if (socket.isPaused) socket.resume(); // to hear the answer to the close
    setTimeout(() => socket.terminate(), 1_000).unref();
  }

  /** Ends the stream where the peer is no longer who it was; says whether. */
  function endUnwelcome(): boolean {
    try {
      needs.stillWelcome();
      return false;
    } catch (error) {
      const hasRunOut = error instanceof Refusal && error.code === "certificate-expired";
      end(4001, hasRunOut ? certificateRanOut : "the certificate is no longer accepted");
      return true;
    }
  }

  /** Lets go of all that outlives a message. */
  function release(): void {
    clearTimeout(hello);
    clearInterval(check);
    for (const id of [...subscriptions.keys()]) unsubscribe(id);
  }

  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (socket.readyState !== socket.OPEN) return;
    heardAtMs = needs.now();
    let id: number | null = null;
    let asked = "";
    try {
      const message = parseMessage(data, isBinary);
      if (message.type === "subscribe") {
        id = message.id;
        asked = `subscribe ${message.topic}`;
      }
      handle(message);
    } catch (error) {
      const problem = problemOfError(error, "stream");
      outlet.send({ type: "problem", id, problem });
      if (problem.status === 403) needs.onRefused(problem.code, asked);
      if (id === null || !greeted) end(isMismatch(error) ? 4003 : 1008, "refused");
    }
    if (socket.bufferedAmount > deafBytes) socket.pause();
  });
  const hello = setTimeout(() => {
    if (!greeted) end(1008, "no hello came");
  }, helloLimitMs);
  const check = setInterval(() => {
    if (needs.now() - heardAtMs > 3 * pingIntervalMs) return end(1001, "nothing heard");
    endUnwelcome();
  }, pingIntervalMs);
  socket.on("error", () => socket.terminate());
  socket.once("close", release);
  return {
    stop: () => end(1001, "the service is stopping"),
    recheck() {
      if (!endUnwelcome()) end(1012, "the membership has changed");
    },
  };
}

function isMismatch(error: unknown): boolean {
  return error instanceof Refusal && error.code === "protocol-mismatch";
}

function parseMessage(data: Buffer, isBinary: boolean): ClientMessage {
  if (isBinary) throw new Refusal("bad-request", { reason: "Messages to the service are text." });
  let value: unknown;
  try {
    value = JSON.parse(data.toString("utf8"));
  } catch (cause) {
    throw new Refusal("broken-json", { reason: "A message is not JSON." }, { cause });
  }
  const parsed = clientMessageSchema.safeParse(value);
  if (!parsed.success)
    throw new Refusal("bad-request", { reason: parsed.error.issues[0]?.message ?? "not a message" });
  return parsed.data;
}
