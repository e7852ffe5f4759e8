import type { Terminal } from "./terminal.ts";

type Signal = "SIGINT" | "SIGTERM";

/** What interrupts are made from; a process's own functions outside of tests. */
export interface InterruptNeeds {
  /** Calls back at each of the process's signals, with the exit code that stands for it. */
  onSignal(callback: (signal: Signal, exitCode: number) => void): void;
  exit(code: number): void;
  now(): number;
}

/** A terminal's Ctrl-C reaches the launcher too, which passes it on: both are one request. */
const sameRequestMs = 500;

/** Ctrl-C and requests to end of one process. */
export interface Interrupts {
  onInterrupt: Terminal["onInterrupt"];
  /** Milliseconds in which the rest of the last request may still come. A process that is about to end would die of it. */
  restMs(): number;
}

/**
 * Ctrl-C and requests to end, for whoever listens. Until somebody has listened signals do what they always do;
 * afterwards one that nobody listens for ends the process at once.
 */
export function createInterrupts(needs: InterruptNeeds): Interrupts {
  const listeners = new Set<(signal: Signal) => void>();
  let isInstalled = false;
  let lastAtMs = -Infinity;

  function handle(signal: Signal, exitCode: number): void {
    const atMs = needs.now();
    if (atMs - lastAtMs < sameRequestMs) return;
    lastAtMs = atMs;
    if (listeners.size === 0) return needs.exit(exitCode);
    for (const listener of [...listeners]) listener(signal);
  }

  return {
    onInterrupt(callback) {
      if (!isInstalled) needs.onSignal(handle);
      isInstalled = true;
      const listener = (signal: Signal): void => callback(signal);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    restMs: () => Math.max(0, lastAtMs + sameRequestMs - needs.now()),
  };
}
