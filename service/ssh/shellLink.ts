import type { HostShell } from "../../protocol/shells/hostShell.ts";

/** What runs on the host: a constant, so that no login shell ever parses anything of ours. */
export const shellCommand = "exec /bin/sh -s";

/** How a host is reached. */
export type Transport = "ssh2" | "system-ssh";

/** One connection that shells can be opened on, whatever carries it. */
export interface ShellLink {
  readonly transport: Transport;
  readonly sinceMs: number;
  /**
   * Opens a shell. `onReleased` is called once, when its place on the connection is free again; also for a failure,
   * then possibly later than the rejection.
   * Rejects with NoSession, or a Refusal.
   */
  openShell(options: { signal: AbortSignal | undefined; onReleased: () => void }): Promise<HostShell>;
  /** Calls the listener once when the connection ends, whoever ended it. */
  onLost(listener: (reason: string) => void): void;
  close(): void;
}

/** The host opens no more sessions on this connection (sshd's MaxSessions). */
export class NoSession extends Error {
  constructor(options?: { cause?: unknown }) {
    super("the host opens no more sessions on this connection", options);
    this.name = "NoSession";
  }
}
