import { hostname } from "node:os";
import WebSocket from "ws";
import {
  agentFrameHead,
  agentPath,
  decodeAgentFrame,
  maxAgentMessageBytes,
  toAgentMessageSchema,
  type AgentMessage,
  type ToAgentMessage,
} from "../protocol/agentLink.ts";
import { closedBy } from "../protocol/client/closedBy.ts";
import type { Identity } from "../protocol/client/identity.ts";
import { pinnedTls } from "../protocol/client/pinnedTls.ts";
import { problemIn, unreachable } from "../protocol/client/routeClient.ts";
import { RemoteProblem } from "../protocol/problem.ts";
import { createPackedReadings } from "../protocol/shells/packedReadings.ts";
import type { HostShells } from "../protocol/shells/hostShell.ts";
import { pingIntervalMs } from "../protocol/stream.ts";
import { programVersion, protocolVersion } from "../protocol/version.ts";
import type { ReadingBuffer } from "./readingBuffer.ts";
import { serveShells, type ServedShells } from "./serveShells.ts";

/** What one connection to the service needs. */
export interface AgentSessionNeeds {
  identity: Identity;
  shells: HostShells;
  buffer: ReadingBuffer;
  /** The service has greeted, or asks for another cadence; null: the host is left alone. */
  onCadence: (cadenceMs: number | null) => void;
  onGreeted: (host: string) => void;
  /** The service has taken a reading: the connection is worth something. */
  onTaken: () => void;
  /** The connection has ended, or never was. `code`: of the WebSocket; null where there was none. Told once. */
  onEnd: (error: Error, code: number | null) => void;
}

/** One connection to the service. */
export interface AgentSession {
  /** Sends what is held and was not sent yet; what was read just now is the last of it. */
  flush(): void;
  /** Says that the host cannot be read. */
  unread(reason: string): void;
  /** Bytes of readings that were sent. */
  readonly sentBytes: number;
  close(): void;
}

const handshakeLimitMs = 10_000;
/** Bytes that may wait on a slow line before readings wait as well. */
const waitingBytes = 262_144;
/** What was read longer ago is no news. */
const liveMs = 45_000;
/** What a message needs beside its bytes. */
const frameRoom = 64;

/** Connects once. */
export function openAgentSession(needs: AgentSessionNeeds): AgentSession {
  const { identity, buffer } = needs;
  const packing = createPackedReadings();
  let served: ServedShells | null = null;
  let sentSeq = 0;
  let sentBytes = 0;
  let heardAtMs = performance.now();
  let failure: Error | null = null;

  const socket = new WebSocket(`${identity.url.replace(/^https/, "wss")}${agentPath}`, {
    ...pinnedTls(identity),
    key: identity.keyPem,
    cert: identity.certificatePem,
    handshakeTimeout: handshakeLimitMs,
    perMessageDeflate: false,
    maxPayload: maxAgentMessageBytes,
  });

  function say(message: AgentMessage): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  function sendFrame(head: Uint8Array, bytes: Uint8Array): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(head, { binary: true, fin: false });
    socket.send(bytes, { binary: true, fin: true });
  }

  function flush(): void {
    if (served === null || socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > waitingBytes)
      return;
    const held = buffer.after(sentSeq);
    for (const [at, { seq, atMs, json }] of held.entries()) {
      const live = at === held.length - 1 && Date.now() - atMs <= liveMs;
      const bytes = packing.pack(`{"sentAtMs":${Date.now()},"live":${live},"reading":${json}}`);
      if (bytes.length > maxAgentMessageBytes - frameRoom) {
        buffer.drop(seq);
        return socket.terminate(); // the other end cannot follow the packing any more
      }
      sendFrame(agentFrameHead({ kind: "reading", seq }), bytes);
      sentSeq = seq;
      sentBytes += bytes.length;
      if (socket.bufferedAmount > waitingBytes) return void setTimeout(flush, 200).unref();
    }
  }

  function hear(message: ToAgentMessage): void {
    switch (message.type) {
      case "hello": {
        clearTimeout(noHello);
        const target = { id: message.hostId, name: message.host, connection: { kind: "local" as const } };
        served = serveShells({ shells: needs.shells, target, say, sendFrame });
        needs.onGreeted(message.host);
        needs.onCadence(message.cadenceMs);
        return flush();
      }
      case "cadence":
        return needs.onCadence(message.cadenceMs);
      case "taken":
        needs.onTaken();
        return buffer.taken(message.seq);
      case "problem":
        throw new RemoteProblem(message.problem);
      case "pong":
        return;
      case "open":
      case "release":
      case "credit":
        return served?.heard(message);
    }
  }

  function take(bytes: Uint8Array): void {
    const frame = decodeAgentFrame(bytes);
    if (frame?.kind !== "bytes" || served?.took(frame.stream, frame.shell, frame.bytes) !== true)
      throw new TypeError("a binary message of the service is none");
  }

  let isOver = false;
  function over(error: Error, code: number | null): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(noHello);
    clearInterval(pinger);
    served?.close();
    served = null;
    needs.onEnd(error, code);
  }

  const noHello = setTimeout(() => {
    failure = new Error("the service sent no greeting");
    socket.terminate();
  }, 2 * handshakeLimitMs);
  const pinger = setInterval(() => {
    if (performance.now() - heardAtMs > 3 * pingIntervalMs) socket.terminate();
    else say({ type: "ping", nonce: Math.round(performance.now()) });
  }, pingIntervalMs);
  socket.on("open", () =>
    say({
      type: "hello",
      protocol: protocolVersion,
      version: programVersion,
      platform: process.platform,
      arch: process.arch,
    }),
  );
  socket.on("message", (data: Buffer, isBinary) => {
    if (isOver) return;
    heardAtMs = performance.now();
    try {
      if (isBinary) take(data);
      else hear(toAgentMessageSchema.parse(JSON.parse(data.toString("utf8"))));
    } catch (error) {
      failure = error as Error;
      socket.terminate();
    }
  });
  socket.on("unexpected-response", (request, response) => {
    void problemIn(response, identity.url)
      .catch((error: unknown) => error as Error)
      .then((error) => {
        request.destroy();
        over(error, null);
      });
  });
  socket.on("error", (cause) => {
    failure ??= unreachable(identity.url, cause);
  });
  socket.on("close", (code, reason) =>
    over(failure ?? closedBy(identity, code, reason.toString("utf8")), code),
  );
  return {
    flush,
    unread: (reason) => say({ type: "unread", reason: reason.slice(0, 2_000) }),
    get sentBytes() {
      return sentBytes;
    },
    close() {
      over(new Error("the agent ends"), null);
      socket.close(1000);
      setTimeout(() => socket.terminate(), 500).unref();
    },
  };
}

/** What the agent's certificate request is called; its name decides nothing. */
export function requestName(): string {
  return `agent-${hostname().replace(/[^A-Za-z0-9.-]+/g, "-")}`.slice(0, 60);
}
