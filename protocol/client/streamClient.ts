import WebSocket from "ws";
import type { Role } from "../ids.ts";
import { problemOfError, Refusal, RemoteProblem, type Problem } from "../problem.ts";
import {
  decodeLogFrame,
  logWindowBytes,
  pingIntervalMs,
  serviceMessageSchema,
  streamPath,
  type ClientMessage,
  type ServiceMessage,
  type TopicData,
} from "../stream.ts";
import { programVersion, protocolVersion } from "../version.ts";
import { closedBy } from "./closedBy.ts";
import type { Identity } from "./identity.ts";
import { pinnedTls } from "./pinnedTls.ts";
import { problemIn, unreachable } from "./routeClient.ts";

/** How the stream stands. `refused` is final: the service or its certificate said no. */
export type StreamState =
  | { kind: "connecting" }
  | { kind: "connected" }
  | { kind: "waiting"; retryAtMs: number; error: Error }
  | { kind: "refused"; error: Error }
  | { kind: "closed" };

/** What a subscriber is told. */
export interface TopicListener {
  /** Whole records: of everything first and after each reconnect (`whole`), then of what changed. */
  onData?(data: TopicData, whole: boolean): void;
  /** Log bytes, in order, without gap or repetition, also across reconnects. A promise holds further bytes back; one
   * that rejects ends the subscription with its problem. */
  onLog?(bytes: Uint8Array, offset: number): void | Promise<void>;
  /** Every byte of the log has come. */
  onLogEnd?(bytes: number): void;
  /** The subscription was refused; it is not tried again. */
  onProblem?(problem: Problem): void;
}

export interface StreamClient {
  /** Subscribes now and after every reconnect; the log goes on where it broke off. Returns how to stop. */
  subscribe(topic: string, listener: TopicListener, options?: { logFrom?: number }): () => void;
  readonly state: StreamState;
  /** Tries at once instead of waiting for the back-off to end. */
  retryNow(): void;
  close(): void;
}

export interface StreamOptions {
  identity: Identity;
  /** Name and version of the program, for the service's log. */
  client: string;
  onState?(state: StreamState): void;
  /** Told with each greeting what this member may do now; an admin may have changed it since the last one. */
  onRole?(role: Role): void;
  now?: () => number;
  random?: () => number;
}

interface Subscription {
  topic: string;
  listener: TopicListener;
  nextByte: number | null;
  /** Bytes taken and not yet told to the service. */
  owedBytes: number;
  chain: Promise<void>;
}

/** Credit is granted in pieces of this size: a message for each frame would cost more than the frame. */
const creditBytes = logWindowBytes / 4;
const longestBackoffMs = 30_000;
const handshakeLimitMs = 10_000;
/** Codes of problems that another try cannot mend. */
const finalCodes = new Set([
  "protocol-mismatch",
  "no-certificate",
  "certificate-refused",
  "certificate-expired",
  "role-insufficient",
]);

/** Opens the live stream and keeps it open: reconnects with back-off and jitter until closed or refused. */
export function openStream(options: StreamOptions): StreamClient {
  const { identity, now = Date.now, random = Math.random } = options;
  const subscriptions = new Map<number, Subscription>();
  let state: StreamState = { kind: "connecting" };
  let socket: WebSocket | null = null;
  let timer: NodeJS.Timeout | undefined;
  let pinger: NodeJS.Timeout | undefined;
  let attempts = 0;
  let nextId = 1;
  let heardAtMs = 0;

  function setState(next: StreamState): void {
    state = next;
    options.onState?.(next);
  }

  function send(message: ClientMessage): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  function subscribeNow(id: number, subscription: Subscription): void {
    const { topic, nextByte } = subscription;
    subscription.owedBytes = 0;
    send({ type: "subscribe", id, topic, ...(nextByte === null ? {} : { logFrom: nextByte }) });
  }

  function connect(): void {
    clearTimeout(timer);
    setState({ kind: "connecting" });
    const url = `${identity.url.replace(/^https/, "wss")}${streamPath}`;
    const opened = new WebSocket(url, {
      ...pinnedTls(identity),
      key: identity.keyPem,
      cert: identity.certificatePem,
      handshakeTimeout: handshakeLimitMs,
      perMessageDeflate: false,
      maxPayload: 64 * 1_048_576,
    });
    opened.binaryType = "fragments";
    socket = opened;
    let failure: Error | null = null;
    const noHello = setTimeout(() => {
      failure = new Refusal("service-unreachable", { url: identity.url, reason: "it sent no greeting" });
      opened.terminate();
    }, 2 * handshakeLimitMs);
    opened.on("open", () => {
      send({ type: "hello", protocol: protocolVersion, client: options.client });
    });
    opened.on("message", (data, isBinary) => {
      if (socket !== opened) return;
      heardAtMs = now();
      try {
        if (isBinary) return onFrame(data as Buffer[]);
        const message = serviceMessageSchema.parse(JSON.parse((data as Buffer).toString("utf8")));
        if (message.type === "hello") clearTimeout(noHello);
        onMessage(message);
      } catch (cause) {
        failure = cause instanceof RemoteProblem ? cause : invalidMessage(cause);
        opened.terminate();
      }
    });
    opened.on("unexpected-response", (request, response) => {
      void problemIn(response, identity.url)
        .catch((error: unknown) => error as Error)
        .then((error) => {
          request.destroy();
          clearTimeout(noHello);
          onGone(opened, error);
        });
    });
    opened.on("error", (cause) => {
      failure ??= unreachable(identity.url, cause);
    });
    opened.on("close", (code, reason) => {
      const error = failure ?? closedBy(identity, code, reason.toString("utf8"));
      clearTimeout(noHello);
      onGone(opened, error, code === 4001 || code === 4003);
    });
  }

  function onGone(gone: WebSocket, error: Error, refused = false): void {
    if (socket !== gone) return;
    socket = null;
    clearInterval(pinger);
    if (state.kind === "closed") return;
    const untrusted = error instanceof Refusal && error.code === "service-untrusted";
    const final = error instanceof RemoteProblem && finalCodes.has(error.problem.code);
    if (refused || untrusted || final) return setState({ kind: "refused", error });
    const waitMs = Math.min(longestBackoffMs, 250 * 2 ** Math.min(attempts, 10)) * (0.5 + random() / 2);
    attempts += 1;
    timer = setTimeout(connect, waitMs);
    setState({ kind: "waiting", retryAtMs: now() + waitMs, error });
  }

  function onHello(): void {
    attempts = 0;
    heardAtMs = now();
    clearInterval(pinger);
    const opened = socket;
    pinger = setInterval(() => {
      if (now() - heardAtMs > 3 * pingIntervalMs) opened?.terminate();
      else send({ type: "ping", nonce: now() });
    }, pingIntervalMs);
    setState({ kind: "connected" });
    for (const [id, subscription] of subscriptions) subscribeNow(id, subscription);
  }

  function onMessage(message: ServiceMessage): void {
    switch (message.type) {
      case "hello":
        options.onRole?.(message.role);
        return onHello();
      case "pong":
        return;
      case "snapshot":
      case "update":
        return subscriptions.get(message.id)?.listener.onData?.(message.data, message.type === "snapshot");
      case "log-end": {
        const subscription = subscriptions.get(message.id);
        if (!subscription) return;
        subscription.nextByte = null;
        void subscription.chain.then(() => subscription.listener.onLogEnd?.(message.bytes));
        return;
      }
      case "problem":
        if (message.id === null) throw new RemoteProblem(message.problem);
        subscriptions.get(message.id)?.listener.onProblem?.(message.problem);
        subscriptions.delete(message.id);
    }
  }

  function onFrame(fragments: readonly Buffer[]): void {
    const frame = decodeLogFrame(fragments);
    if (frame === null) throw new TypeError("not a log frame");
    const subscription = subscriptions.get(frame.id);
    if (!subscription || subscription.nextByte === null) return;
    if (frame.offset !== subscription.nextByte) return; // sent before a reconnect that asked anew
    const { offset, pieces } = frame;
    for (const piece of pieces) subscription.nextByte += piece.length;
    const isOpen = (): boolean => subscriptions.get(frame.id) === subscription;
    subscription.chain = subscription.chain
      .then(async () => {
        let at = offset;
        for (const piece of pieces) {
          if (!isOpen()) return;
          await subscription.listener.onLog?.(piece, at);
          at += piece.length;
        }
        subscription.owedBytes += at - offset;
        if (subscription.owedBytes < creditBytes) return;
        send({ type: "credit", id: frame.id, bytes: subscription.owedBytes });
        subscription.owedBytes = 0;
      })
      .catch((error: unknown) => {
        if (!isOpen()) return;
        unsubscribe(frame.id);
        subscription.listener.onProblem?.(problemOfError(error, "log listener"));
      });
  }

  function unsubscribe(id: number): void {
    if (subscriptions.delete(id)) send({ type: "unsubscribe", id });
  }

  connect();
  return {
    subscribe(topic, listener, { logFrom } = {}) {
      const id = nextId++;
      const subscription = {
        topic,
        listener,
        nextByte: logFrom ?? null,
        owedBytes: 0,
        chain: Promise.resolve(),
      };
      subscriptions.set(id, subscription);
      if (state.kind === "connected") subscribeNow(id, subscription);
      return () => unsubscribe(id);
    },
    get state() {
      return state;
    },
    retryNow() {
      if (state.kind === "waiting" || state.kind === "refused") {
        attempts = 0;
        connect();
      }
    },
    close() {
      clearTimeout(timer);
      clearInterval(pinger);
      setState({ kind: "closed" });
      const open = socket;
      socket = null;
      open?.close(1000);
      setTimeout(() => open?.terminate(), 500).unref();
    },
  };
}

function invalidMessage(cause: unknown): Refusal {
  return new Refusal("answer-invalid", { reason: "A message on the stream is not valid." }, { cause });
}

/** What this program calls itself in `hello`. */
export function clientName(program: string): string {
  return `${program}/${programVersion}`;
}
