import type { WebSocket } from "ws";
import { isJobEnded, type JobRecord } from "../../../protocol/job.ts";
import type { JobId } from "../../../protocol/ids.ts";
import { problemOfError, Refusal } from "../../../protocol/problem.ts";
import {
  clientMessageSchema,
  encodeLogFrame,
  pingIntervalMs,
  type ClientMessage,
  type ServiceMessage,
} from "../../../protocol/stream.ts";
import { programVersion, protocolVersion } from "../../../protocol/version.ts";
import type { Peer } from "../../pki/identifyPeer.ts";
import { pumpLog, type LogPump, type LogSource } from "./pumpLog.ts";
import type { Topic, TopicSource } from "./topics.ts";

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
}

/** Bytes waiting in the socket above which updates are put off and coalesced. */
const congestedBytes = 1_048_576;
/** Shortest time between two updates of one subscription, in milliseconds. */
const updateGapMs = 100;
const helloLimitMs = 10_000;
const maxSubscriptions = 500;

interface Subscription {
  topic: Topic;
  revision: number;
  pump: LogPump | null;
  stopWaiting: () => void;
  stop: () => void;
}

/**
 * Serves one client's WebSocket: whole records on subscribing, then whole records of what changed, at most every
 * 100 ms and never more than the client takes. Returns how to end it.
 */
export function createSession(socket: WebSocket, needs: SessionNeeds): () => void {
  const subscriptions = new Map<number, Subscription>();
  let greeted = false;
  let heardAtMs = needs.now();

  function send(message: ServiceMessage): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  }

  function subscribe(message: ClientMessage & { type: "subscribe" }): void {
    const { id } = message;
    if (subscriptions.has(id))
      throw new Refusal("bad-request", { reason: `Subscription ${id} is open already.` });
    if (subscriptions.size >= maxSubscriptions)
      throw new Refusal("bad-request", {
        reason: `At most ${maxSubscriptions} subscriptions are open at once.`,
      });
    const topic = needs.topics.open(message.topic, needs.peer);
    const subscription: Subscription = {
      topic,
      revision: 1,
      pump: null,
      stopWaiting: () => undefined,
      stop: () => undefined,
    };
    subscriptions.set(id, subscription);
    send({ type: "snapshot", id, revision: 1, data: topic.snapshot() });
    subscription.stop = keepUpdated(id, subscription);
    if (message.logFrom !== undefined && topic.jobId !== null)
      subscription.pump = startLog(id, topic.jobId, message.logFrom, subscription);
  }

  /** Sends what changed: the first change at once, further ones together after a gap or when the socket has room. */
  function keepUpdated(id: number, subscription: Subscription): () => void {
    let timer: NodeJS.Timeout | null = null;
    let dirty = false;
    const flush = (): void => {
      timer = null;
      if (!dirty) return;
      if (socket.bufferedAmount > congestedBytes) {
        timer = setTimeout(flush, updateGapMs);
        return;
      }
      dirty = false;
      const data = subscription.topic.changes();
      if (data !== null) send({ type: "update", id, revision: ++subscription.revision, data });
      timer = setTimeout(flush, updateGapMs);
    };
    const stop = subscription.topic.listen((urgent) => {
      dirty = true;
      if (timer === null || urgent) {
        if (timer) clearTimeout(timer);
        flush();
      }
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
      subscription.pump?.stop();
      subscription.stopWaiting();
    };
  }

  function startLog(id: number, jobId: JobId, from: number, subscription: Subscription): LogPump {
    return pumpLog(needs.logs, jobId, from, {
      send: (offset, bytes) => {
        if (socket.readyState === socket.OPEN)
          socket.send(encodeLogFrame({ id, offset, bytes }), { binary: true });
      },
      onEnd: (bytes) => {
        subscription.stopWaiting = whenEnded(subscription.topic, jobId, () =>
          send({ type: "log-end", id, bytes }),
        );
      },
      onError: (error) => send({ type: "problem", id, problem: problemOfError(error, "log") }),
    });
  }

  /** The end of the log is told after the record that says how the job ended. */
  function whenEnded(topic: Topic, jobId: JobId, tell: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    const tellIfEnded = (): boolean => {
      const job = needs.job(jobId);
      if (job !== null && !isJobEnded(job.state)) return false;
      timer = setTimeout(tell, 0);
      return true;
    };
    if (tellIfEnded()) return () => clearTimeout(timer);
    const stop = topic.listen(() => {
      if (tellIfEnded()) stop();
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }

  function handle(message: ClientMessage): void {
    if (message.type === "hello") return greet(message.protocol);
    if (!greeted) throw new Refusal("bad-request", { reason: "The first message is hello." });
    switch (message.type) {
      case "subscribe":
        return subscribe(message);
      case "unsubscribe":
        subscriptions.get(message.id)?.stop();
        subscriptions.delete(message.id);
        return;
      case "credit":
        return subscriptions.get(message.id)?.pump?.credit(message.bytes);
      case "ping":
        return send({ type: "pong", nonce: message.nonce });
    }
  }

  function greet(protocol: number): void {
    if (protocol !== protocolVersion)
      throw new Refusal("protocol-mismatch", { service: protocolVersion, peer: protocol });
    greeted = true;
    const { member, role } = needs.peer;
    send({
      type: "hello",
      protocol: protocolVersion,
      version: programVersion,
      fleetId: needs.fleetId,
      member,
      role,
    });
  }

  function end(code: number, reason: string): void {
    socket.close(code, reason.slice(0, 120));
    setTimeout(() => socket.terminate(), 1_000).unref();
  }

  socket.on("message", (data: Buffer, isBinary: boolean) => {
    heardAtMs = needs.now();
    let id: number | null = null;
    try {
      const message = parseMessage(data, isBinary);
      if (message.type === "subscribe") id = message.id;
      handle(message);
    } catch (error) {
      send({ type: "problem", id, problem: problemOfError(error, "stream") });
      if (id === null)
        end(error instanceof Refusal && error.code === "protocol-mismatch" ? 4003 : 1008, "refused");
    }
  });
  const hello = setTimeout(() => {
    if (!greeted) end(1008, "no hello came");
  }, helloLimitMs);
  const check = setInterval(() => {
    if (needs.now() - heardAtMs > 3 * pingIntervalMs) return end(1001, "nothing heard");
    try {
      needs.stillWelcome();
    } catch {
      end(4001, "the certificate is no longer accepted");
    }
  }, pingIntervalMs);
  socket.on("error", () => socket.terminate());
  socket.once("close", () => {
    clearTimeout(hello);
    clearInterval(check);
    for (const subscription of subscriptions.values()) subscription.stop();
    subscriptions.clear();
  });
  return () => end(1001, "the service is stopping");
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
