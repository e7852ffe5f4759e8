import type { WebSocket } from "ws";
import {
  agentCloseCodes,
  agentFrameHead,
  agentMessageSchema,
  decodeAgentFrame,
  type AgentMessage,
  type ToAgentMessage,
} from "../../protocol/agentLink.ts";
import { hostText } from "../../protocol/hostText.ts";
import type { HostId } from "../../protocol/ids.ts";
import { problemOfError, Refusal } from "../../protocol/problem.ts";
import { createPackedReadings } from "../../protocol/shells/packedReadings.ts";
import { pingIntervalMs } from "../../protocol/stream.ts";
import { programVersion, protocolVersion } from "../../protocol/version.ts";
import { createAgentShells, type AgentShells } from "./agentShells.ts";

/** What one connection of an agent needs. */
export interface AgentConnectionNeeds {
  hostId: HostId;
  host: string;
  /** Throws when the agent is no longer who it was. */
  stillWelcome: () => void;
  cadenceMs: () => number | null;
  /** The agent has greeted. */
  onGreeted: (about: AgentAbout) => void;
  /** A reading, as JSON. Does not throw where it is none. */
  onReading: (text: string) => void;
  /** The host cannot be read just now. */
  onUnread: (reason: string) => void;
  onGone: () => void;
}

/** What an agent says of itself. */
export interface AgentAbout {
  version: string;
  platform: string;
  arch: string;
}

/** An agent that is connected. */
export interface AgentConnection {
  shells: AgentShells;
  setCadence(cadenceMs: number | null): void;
  /** Ends it where the agent is no longer welcome. */
  recheck(): void;
  end(code: number, reason: string): void;
}

const helloLimitMs = 10_000;
/** Messages of an agent that are heard in a second; what follows waits for the next. */
const messagesPerSecond = 2_000;
/** Readings of an agent that are unpacked in a second, in characters. */
const readingCharsPerSecond = 8_388_608;
/** Bytes waiting for the agent above which nothing more of it is heard. */
const deafBytes = 8_388_608;

/** Serves one agent: greets it, takes its readings, and opens shells by it. Ends by itself; `onGone` is told once. */
export function createAgentConnection(socket: WebSocket, needs: AgentConnectionNeeds): AgentConnection {
  const readings = createPackedReadings();
  let isGreeted = false;
  let heardAtMs = performance.now();
  let heardInSecond = 0;
  let heardChars = 0;

  const shells = createAgentShells({
    host: needs.host,
    say,
    sendBytes(stream, shell, bytes) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(agentFrameHead({ kind: "bytes", stream, shell }), { binary: true, fin: false });
      socket.send(bytes, { binary: true, fin: true });
    },
  });

  function say(message: ToAgentMessage): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  }

  function greet(message: AgentMessage & { type: "hello" }): void {
    if (message.protocol !== protocolVersion)
      throw new Refusal("protocol-mismatch", { service: protocolVersion, peer: message.protocol });
    if (isGreeted) return;
    isGreeted = true;
    const { hostId, host } = needs;
    const versions = { protocol: protocolVersion, version: programVersion };
    say({ type: "hello", ...versions, hostId, host, cadenceMs: needs.cadenceMs() });
    const { version, platform, arch } = message;
    needs.onGreeted({
      version: hostText(version, 50),
      platform: hostText(platform, 50),
      arch: hostText(arch, 50),
    });
  }

  function hear(message: AgentMessage): void {
    if (message.type === "hello") return greet(message);
    if (!isGreeted) throw new Refusal("bad-request", { reason: "The first message is hello." });
    switch (message.type) {
      case "unread":
        return needs.onUnread(hostText(message.reason));
      case "ping":
        return say({ type: "pong", nonce: message.nonce });
      case "opened":
      case "refused":
      case "exit":
      case "credit":
        return shells.heard(message);
    }
  }

  function take(message: Uint8Array): void {
    const frame = decodeAgentFrame(message);
    if (frame === null || !isGreeted)
      throw new Refusal("bad-request", { reason: "A binary message is none of ours." });
    if (frame.kind === "reading") {
      const text = readings.unpack(frame.bytes);
      heardChars += text.length;
      needs.onReading(text);
      return say({ type: "taken", seq: frame.seq });
    }
    if (!shells.took(frame.stream, frame.shell, frame.bytes))
      throw new Refusal("bad-request", { reason: "More bytes of a shell came than were asked for." });
  }

  function end(code: number, reason: string): void {
    release(reason);
    socket.close(code, reason.slice(0, 120));
    if (socket.isPaused) socket.resume(); // to hear the answer to the close
    setTimeout(() => socket.terminate(), 1_000).unref();
  }

  let isOver = false;
  function release(reason: string): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(hello);
    clearInterval(check);
    clearInterval(second);
    shells.lost(reason);
    needs.onGone();
  }

  function recheck(): boolean {
    try {
      needs.stillWelcome();
      return true;
    } catch {
      end(agentCloseCodes.unwelcome, "the certificate is no longer accepted");
      return false;
    }
  }

  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isOver) return;
    heardAtMs = performance.now();
    heardInSecond += 1;
    try {
      if (isBinary) take(data);
      else hear(agentMessageSchema.parse(JSON.parse(data.toString("utf8"))));
    } catch (error) {
      const isMismatch = error instanceof Refusal && error.code === "protocol-mismatch";
      const problem =
        error instanceof Refusal ? error : new Refusal("bad-request", { reason: "A message is not valid." });
      say({ type: "problem", problem: problemOfError(problem, "agent") });
      end(isMismatch ? agentCloseCodes.mismatch : 1008, "refused");
      return;
    }
    if (
      heardInSecond > messagesPerSecond ||
      heardChars > readingCharsPerSecond ||
      socket.bufferedAmount > deafBytes
    )
      socket.pause();
  });
  const second = setInterval(() => {
    heardInSecond = 0;
    heardChars = 0;
    if (socket.isPaused && socket.bufferedAmount <= deafBytes) socket.resume();
  }, 1_000);
  const hello = setTimeout(() => {
    if (!isGreeted) end(1008, "no hello came");
  }, helloLimitMs);
  const check = setInterval(() => {
    if (performance.now() - heardAtMs > 3 * pingIntervalMs) end(1001, "nothing heard");
    else recheck();
  }, pingIntervalMs);
  socket.on("error", () => socket.terminate());
  socket.once("close", () => release("the connection of its agent has ended"));
  return {
    shells,
    setCadence: (cadenceMs) => say({ type: "cadence", cadenceMs }),
    recheck: () => void recheck(),
    end,
  };
}
