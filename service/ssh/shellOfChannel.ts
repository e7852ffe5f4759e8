import type { ClientChannel } from "ssh2";
import type { HostShell, ShellExit } from "../../protocol/shells/hostShell.ts";
import { connectionLost } from "./reachProblem.ts";

const closeGraceMs = 1_000;

export interface ChannelOwner {
  /** Called once, when the channel is gone. */
  onReleased: () => void;
  /** Tells when the connection ends; returns the stop. */
  onLost: (listener: (reason: string) => void) => () => void;
}

/** A shell on an ssh2 channel. Its streams are the channel itself: bytes pass as they come. */
export function shellOfChannel(channel: ClientChannel, host: string, owner: ChannelOwner): HostShell {
  let graceTimer: NodeJS.Timeout | null = null;
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    if (graceTimer !== null) clearTimeout(graceTimer);
    owner.onReleased();
  };
  const exited = new Promise<ShellExit>((resolve, reject) => {
    const stop = owner.onLost((reason) => {
      reject(connectionLost(host, reason));
      release();
    });
    channel.once("exit", (code: number | null, signal?: string) => {
      resolve(code === null ? { code: null, signal: signal ?? "SIGKILL" } : { code, signal: null });
    });
    channel.once("close", () => {
      stop();
      release();
      reject(connectionLost(host, "the shell was let go of before its end"));
    });
  });
  exited.catch(() => {});
  channel.on("error", () => {});
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited,
    close() {
      if (released || graceTimer !== null) return;
      channel.end();
      channel.resume();
      channel.stderr.resume();
      graceTimer = setTimeout(() => {
        channel.close();
      }, closeGraceMs);
    },
  };
}
