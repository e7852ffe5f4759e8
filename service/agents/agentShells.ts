import {
  maxAgentShells,
  releasedMs,
  type AgentMessage,
  type ShellStream,
  type ToAgentMessage,
} from "../../protocol/agentLink.ts";
import { setTimeout as delay } from "node:timers/promises";
import { hostText } from "../../protocol/hostText.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { HostShell, OpenShellOptions, ShellExit } from "../../protocol/shells/hostShell.ts";
import {
  createSentWritable,
  createTakenBytes,
  type SentBytes,
  type TakenBytes,
} from "../../protocol/shells/sentBytes.ts";

/** How the shells of one agent's connection reach it. */
export interface AgentShellsNeeds {
  host: string;
  say: (message: ToAgentMessage) => void;
  sendBytes: (stream: ShellStream, shell: number, bytes: Uint8Array) => void;
}

/** The shells that are open over one agent's connection. */
export interface AgentShells {
  /** Rejects with `host-connection-lost`, `host-sessions-taken`, `host-shell-failed`. */
  open(options: OpenShellOptions): Promise<HostShell>;
  /** Takes what the agent says of a shell. */
  heard(message: AgentMessage & { type: "opened" | "refused" | "exit" | "credit" }): void;
  /** Takes bytes of a shell. False: the agent sends more than it may. */
  took(stream: ShellStream, shell: number, bytes: Uint8Array): boolean;
  /** The connection is gone. */
  lost(reason: string): void;
}

/** An agent has that long to open a shell. */
const openLimitMs = 15_000;
/** How often those who wait for a place look whether there is one. */
const patienceMs = 250;

interface OpenShell {
  shell: HostShell;
  stdin: SentBytes & { destroy(): void };
  outputs: Record<"stdout" | "stderr", TakenBytes>;
  opened: () => void;
  failed: (error: Refusal) => void;
  exit: (exit: ShellExit) => void;
  hasExited: boolean;
  isReleased: boolean;
}

/** Shells over an agent's connection; each keeps to its windows, and none outlives the connection. */
export function createAgentShells(needs: AgentShellsNeeds): AgentShells {
  const { host } = needs;
  const shells = new Map<number, OpenShell>();
  let nextId = 1;
  let lostBy: string | null = null;

  function forget(id: number): void {
    const open = shells.get(id);
    if (open === undefined || !open.hasExited) return;
    // What is still on its way of its output is taken until both streams have ended.
    const isRead = Object.values(open.outputs).every(
      ({ stream }) => stream.readableEnded || stream.destroyed,
    );
    if (open.isReleased || isRead) shells.delete(id);
  }

  function create(id: number): { open: OpenShell; ready: Promise<void> } {
    const exited = Promise.withResolvers<ShellExit>();
    const ready = Promise.withResolvers<undefined>();
    exited.promise.catch(() => undefined);
    const stdin = createSentWritable((bytes) => needs.sendBytes("stdin", id, bytes));
    stdin.on("error", () => undefined);
    const output = (stream: "stdout" | "stderr"): TakenBytes => {
      const taken = createTakenBytes((bytes) => needs.say({ type: "credit", shell: id, stream, bytes }));
      taken.stream.on("error", () => undefined);
      taken.stream.once("close", () => forget(id));
      return taken;
    };
    const outputs = { stdout: output("stdout"), stderr: output("stderr") };
    const release = (): void => {
      if (open.isReleased) return;
      open.isReleased = true;
      needs.say({ type: "release", shell: id });
      for (const { stream } of Object.values(outputs)) stream.resume();
      forget(id);
      setTimeout(() => shells.delete(id), releasedMs).unref();
    };
    const open: OpenShell = {
      shell: {
        stdin,
        stdout: outputs.stdout.stream,
        stderr: outputs.stderr.stream,
        exited: exited.promise,
        close: release,
      },
      stdin,
      outputs,
      opened: () => ready.resolve(undefined),
      failed(error) {
        ready.reject(error);
        exited.reject(error);
      },
      exit: exited.resolve,
      hasExited: false,
      isReleased: false,
    };
    return { open, ready: ready.promise };
  }

  function fail(id: number, error: Refusal): void {
    const open = shells.get(id);
    if (open === undefined) return;
    shells.delete(id);
    open.failed(error);
    open.stdin.destroy();
    // Not ended but cut off: whoever reads must not take a part of the output for all of it.
    for (const { stream } of Object.values(open.outputs)) stream.destroy();
  }

  return {
    async open({ signal, patient = false }) {
      while (patient && lostBy === null && signal?.aborted !== true && shells.size >= maxAgentShells)
        await delay(patienceMs);
      if (lostBy !== null) throw lost(host, lostBy);
      if (shells.size >= maxAgentShells)
        throw new Refusal("host-sessions-taken", { host, sessions: shells.size, waitedMs: 0 });
      const id = nextId++;
      const { open, ready } = create(id);
      shells.set(id, open);
      const giveUp = (reason: string): void => {
        needs.say({ type: "release", shell: id });
        fail(id, new Refusal("host-shell-failed", { host, reason }));
      };
      const onAbort = (): void => giveUp("the attempt was given up");
      const timer = setTimeout(
        () => giveUp(`its agent opened none within ${openLimitMs / 1_000} s`),
        openLimitMs,
      );
      signal?.addEventListener("abort", onAbort);
      try {
        if (signal?.aborted === true) onAbort();
        else needs.say({ type: "open", shell: id });
        await ready;
        return open.shell;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      }
    },
    heard(message) {
      const open = shells.get(message.shell);
      if (open === undefined) return;
      switch (message.type) {
        case "opened":
          return open.opened();
        case "refused":
          return fail(
            message.shell,
            new Refusal("host-shell-failed", { host, reason: hostText(message.reason) }),
          );
        case "exit": {
          const { code, signal } = message;
          open.hasExited = true;
          open.exit(
            code === null ? { code: null, signal: hostText(signal ?? "SIGKILL") } : { code, signal: null },
          );
          open.stdin.destroy();
          return forget(message.shell);
        }
        case "credit":
          if (message.stream === "stdin") open.stdin.credit(message.bytes);
      }
    },
    took(stream, id, bytes) {
      if (stream === "stdin") return false;
      const open = shells.get(id);
      if (open === undefined || open.isReleased) return true; // on its way when nobody needed it any more
      return open.outputs[stream].take(bytes);
    },
    lost(reason) {
      lostBy = reason;
      for (const id of [...shells.keys()]) fail(id, lost(host, reason));
    },
  };
}

function lost(host: string, reason: string): Refusal {
  return new Refusal("host-connection-lost", { host, reason });
}
