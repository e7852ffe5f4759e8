import type { HostShell } from "../../protocol/shells/hostShell.ts";

/** How a shell is asked for on a host's connections; see `OpenShellOptions`. */
export interface LinkedShellOptions {
  attended: boolean;
  signal: AbortSignal | undefined;
  patient: boolean;
  onWanted: (() => void) | undefined;
  ifRoom: boolean;
}

/** Who waits for a place on one of a host's connections. */
export interface Waiter extends LinkedShellOptions {
  /** Those with lower numbers come first. */
  turn: number;
  resolve: (shell: HostShell) => void;
  reject: (problem: Error) => void;
  reconnects: number;
  refusals: number;
  /** A place was granted, the shell is opening. */
  opening: boolean;
  settled: boolean;
}

/** Turns of the patient begin here, behind all others. */
const patientFrom = 2 ** 40;

/** Who came as the nth. */
export function newWaiter(options: LinkedShellOptions, arrival: number): Omit<Waiter, "resolve" | "reject"> {
  const turn = options.patient ? patientFrom + arrival : arrival;
  return { ...options, turn, reconnects: 0, refusals: 0, opening: false, settled: false };
}
