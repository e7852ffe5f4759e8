import {
  agentFrameHead,
  maxAgentShells,
  releasedMs,
  type AgentMessage,
  type ShellStream,
  type ToAgentMessage,
} from "../protocol/agentLink.ts";
import type { HostShell, HostShells, ShellTarget } from "../protocol/shells/hostShell.ts";
import {
  createTakenBytes,
  sendReadable,
  type SentBytes,
  type TakenBytes,
} from "../protocol/shells/sentBytes.ts";

/** How shells that the service asks for are opened, and how what they say goes to it. */
export interface ServeShellsNeeds {
  shells: HostShells;
  target: ShellTarget;
  say: (message: AgentMessage) => void;
  sendFrame: (head: Uint8Array, bytes: Uint8Array) => void;
}

/** The shells that the service has open here over one connection. */
export interface ServedShells {
  heard(message: ToAgentMessage & { type: "open" | "release" | "credit" }): void;
  /** Bytes for a shell's stdin, none for its end. False: more than were asked for. */
  took(stream: ShellStream, shell: number, bytes: Uint8Array): boolean;
  /** The connection is gone: every shell is let go of. What they have started detached lives on. */
  close(): void;
}

interface Served {
  shell: HostShell;
  stdin: TakenBytes;
  outputs: Record<"stdout" | "stderr", SentBytes>;
  isReleased: boolean;
}

/** What is under way to a shell that nobody needs any more has that long to arrive. */
const stdinGraceMs = 1_000;

/** Opens shells on this machine for the service. */
export function serveShells({ shells, target, say, sendFrame }: ServeShellsNeeds): ServedShells {
  const open = new Map<number, Served>();
  /** Asked for and not open yet. */
  const opening = new Set<number>();
  let isClosed = false;

  async function start(id: number): Promise<void> {
    if (open.has(id) || opening.has(id)) return;
    if (open.size + opening.size >= maxAgentShells)
      return say({ type: "refused", shell: id, reason: `${maxAgentShells} shells are open on it already` });
    opening.add(id);
    try {
      const shell = await shells.openShell(target);
      const isWanted = opening.delete(id) && !isClosed;
      if (!isWanted) return shell.close();
      serve(id, shell);
    } catch (error) {
      if (opening.delete(id))
        say({ type: "refused", shell: id, reason: (error as Error).message.slice(0, 2_000) });
    }
  }

  function serve(id: number, shell: HostShell): void {
    say({ type: "opened", shell: id });
    const stdin = createTakenBytes((bytes) => say({ type: "credit", shell: id, stream: "stdin", bytes }));
    stdin.stream.pipe(shell.stdin);
    const output = (stream: "stdout" | "stderr"): SentBytes =>
      sendReadable(shell[stream], (bytes) => {
        if (!served.isReleased) sendFrame(agentFrameHead({ kind: "bytes", stream, shell: id }), bytes);
      });
    const outputs = { stdout: output("stdout"), stderr: output("stderr") };
    const served: Served = { shell, stdin, outputs, isReleased: false };
    open.set(id, served);
    shell.exited.then(
      ({ code, signal }) => say({ type: "exit", shell: id, code, signal }),
      () => say({ type: "exit", shell: id, code: null, signal: "SIGKILL" }),
    );
    let left = 2;
    const ended = (): void => {
      left -= 1;
      if (left === 0) void shell.exited.finally(() => open.delete(id));
    };
    shell.stdout.once("close", ended);
    shell.stderr.once("close", ended);
  }

  function release(id: number): void {
    opening.delete(id);
    const served = open.get(id);
    if (served === undefined) return;
    if (served.isReleased) return;
    served.isReleased = true;
    // Nobody reads on: what still comes is dropped, so that the shell can end.
    for (const sent of Object.values(served.outputs)) sent.credit(Number.MAX_SAFE_INTEGER);
    // What was sent to it is still read by it, as over SSH.
    served.stdin.stream.once("close", () => served.shell.close());
    setTimeout(() => served.shell.close(), stdinGraceMs).unref();
    served.stdin.end();
    setTimeout(() => open.delete(id), releasedMs).unref();
  }

  return {
    heard(message) {
      switch (message.type) {
        case "open":
          return void start(message.shell);
        case "release":
          return release(message.shell);
        case "credit": {
          const served = open.get(message.shell);
          if (served !== undefined && message.stream !== "stdin")
            served.outputs[message.stream].credit(message.bytes);
        }
      }
    },
    took: (stream, id, bytes) => stream === "stdin" && (open.get(id)?.stdin.take(bytes) ?? true),
    close() {
      isClosed = true;
      for (const id of [...open.keys(), ...opening]) release(id);
    },
  };
}
