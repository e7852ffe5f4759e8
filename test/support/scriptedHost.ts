import { PassThrough } from "node:stream";
import type { HostShell, HostShells, ShellExit } from "../../protocol/shells/hostShell.ts";

/** What a script sent to a shell is for. */
export type ScriptKind = "unpack" | "start" | "follow";

/** One shell of a host that says whatever the test wants. */
export interface ScriptedShell extends HostShell {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  /** One report of the runner. */
  say(words: string): void;
  /** Prints for as long as anybody reads. */
  flood(stream: "stdout" | "stderr", bytes: Buffer): void;
  /** Ends the shell. */
  exit(code: number): void;
  /** Breaks the connection. */
  cut(reason: Error): void;
  readonly closed: boolean;
}

/** How a host answers. What is left out is done as by a host in order. */
export interface HostPlay {
  /** A shell opened, before anything was sent. */
  opened?: (shell: ScriptedShell) => void;
  /** A whole script came and its ready line went out. */
  script?: (kind: ScriptKind, shell: ScriptedShell) => void;
  /** The word to go came, and `started` went out. */
  started?: (shell: ScriptedShell) => void;
}

/** Shells on a host that does as the play says, without a process. */
export function createScriptedHost(play: HostPlay): HostShells & { readonly shells: ScriptedShell[] } {
  const shells: ScriptedShell[] = [];
  return {
    shells,
    openShell(_target, { signal } = {}) {
      signal?.throwIfAborted();
      const shell = aShell();
      shells.push(shell.shell);
      const { opened, script = (kind, one) => answer(kind, one), started } = play;
      if (opened) opened(shell.shell);
      else listen(shell, script, started);
      return Promise.resolve(shell.shell);
    },
  };
}

/** What a host in order says to a script: the files are unpacked, all is ready. */
export function answer(kind: ScriptKind, shell: ScriptedShell): void {
  if (kind === "unpack") shell.stdin.once("end", () => shell.say("unpacked"));
  if (kind === "start") shell.say("prepared");
}

/** Says that a job is under way. */
export function sayFollowing(shell: ScriptedShell): void {
  shell.say("interpreter /bin/sh");
  shell.say("directory /home/x/.hwledger/jobs/j/work");
  shell.say("following 5 abc");
}

interface HeldShell {
  shell: ScriptedShell;
  setNonce: (nonce: string) => void;
}

function aShell(): HeldShell {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const exited = Promise.withResolvers<ShellExit>();
  exited.promise.catch(() => {});
  let nonce = "";
  let closed = false;
  const shell: ScriptedShell = {
    ...{ stdin, stdout, stderr, exited: exited.promise },
    say: (words) => void stderr.write(`\n${nonce} ${words}\n`),
    flood(name, bytes) {
      const stream = name === "stdout" ? stdout : stderr;
      const go = (): void => {
        if (closed) return;
        if (stream.write(bytes)) setImmediate(go);
        else stream.once("drain", go);
      };
      go();
    },
    exit(code) {
      stdout.end();
      stderr.end();
      exited.resolve({ code, signal: null });
    },
    cut: (reason) => exited.reject(reason),
    get closed() {
      return closed;
    },
    close() {
      closed = true;
      stdin.end();
      stdin.resume();
      stdout.end();
      stderr.end();
      exited.resolve({ code: 0, signal: null });
    },
  };
  return { shell, setNonce: (found) => (nonce = found) };
}

function listen(
  { shell, setNonce }: HeldShell,
  script: NonNullable<HostPlay["script"]>,
  started: HostPlay["started"],
): void {
  let text = "";
  let kind: ScriptKind | null = null;
  shell.stdin.on("data", (chunk: Buffer) => {
    if (kind === "start" && /^go /m.test(chunk.toString())) {
      shell.say("started");
      started?.(shell);
    }
    if (kind !== null) return;
    text += chunk.toString("latin1");
    const nonce = /h_nonce=(\w+)/.exec(text)?.[1];
    if (nonce === undefined || !text.includes("exit 0\n}\n")) return;
    kind = /tar -/.test(text) ? "unpack" : text.includes("say prepared") ? "start" : "follow";
    setNonce(nonce);
    shell.stdout.write(`${nonce}\n`);
    script(kind, shell);
  });
}
