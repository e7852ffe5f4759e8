import type { Connection } from "../host.ts";
import type { HostId } from "../ids.ts";
import type { Readable, Writable } from "node:stream";

/** How a shell on a host ended. Exactly one of the two is not null. */
export interface ShellExit {
  code: number | null;
  signal: string | null;
}

/**
 * One POSIX shell (`exec /bin/sh -s`) on a host: commands go in on stdin. Over SSH or on this machine alike.
 * A shell that ends on its own fulfils `exited`; one whose connection breaks rejects it with the Refusal
 * `host-connection-lost`. `exited` may come before the last of stdout: read until its `end`.
 */
export interface HostShell {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ShellExit>;
  /** Ends the shell's stdin and lets go of it; what it started detached lives on. */
  close(): void;
}

/** How a shell is opened. */
export interface OpenShellOptions {
  /** Allows questions to a person. */
  attended?: boolean;
  signal?: AbortSignal;
  /** Waits for a place on the host for as long as it takes, behind those who do not; connecting has its limits still. */
  patient?: boolean;
  /**
   * Called once when others wait for a place and this shell has had its own for a while: whoever holds it and can do
   * without should close it and open another one later.
   */
  onWanted?: () => void;
  /** Only where there is room for some more besides; else it rejects with NoSession. Never waits, never connects. */
  ifRoom?: boolean;
}

/** What dispatch and probe need of a connection: shells on a host. */
export interface HostShells {
  /**
   * Opens a shell on a host, connecting first where needed.
   * Rejects with a Refusal: `host-unreachable`, `host-key-…`, `host-login-refused`, `needs-login`, …
   */
  openShell(target: ShellTarget, options?: OpenShellOptions): Promise<HostShell>;
}

/** The host to open a shell on: its record's identity and way in. */
export interface ShellTarget {
  id: HostId;
  name: string;
  connection: Connection;
}
