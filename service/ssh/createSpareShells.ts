import type { HostId } from "../../protocol/ids.ts";
import type { HostShell, HostShells, ShellTarget } from "../../protocol/shells/hostShell.ts";
import { NoSession } from "./shellLink.ts";

export interface SpareTiming {
  /** From the use of what was made ahead to the making of the next, so that it does not slow down what it was used for. */
  pauseMs: number;
  /** How long something is kept ahead after it was last asked for. */
  keptMs: number;
}

/** Where there was no connection yet, or no room: after so many pauses it is tried again. */
const pausesToRetry = 3;

/** The timing in use. */
export const defaultSpareTiming: SpareTiming = { pauseMs: 300, keptMs: 30_000 };

/**
 * Makes something of two shells. `wanted` fulfils when others wait for the place of the second, once it is in use.
 * Rejects where that is not to be.
 */
export type MakeOfShells<Made> = (
  shells: readonly [HostShell, HostShell],
  target: ShellTarget,
  wanted: Promise<void>,
) => Promise<Made>;

/** What is made ahead on each host that was asked for lately, one at a time. */
export interface SpareShells<Made> {
  /** What was made ahead on a host, once; null where there is nothing. The next one is then made. */
  take(target: ShellTarget): Made | null;
  /** Closes what nobody uses. */
  close(): void;
}

interface HostSpares<Made> {
  target: ShellTarget;
  /** How the host was reached when it was made. */
  way: string;
  spare: Spare<Made> | null;
  making: boolean;
  pause: NodeJS.Timeout | null;
  end: NodeJS.Timeout | null;
}

interface Spare<Made> {
  made: Made;
  close: () => void;
  /** From now on its shells belong to whoever uses it. */
  use: () => void;
}

/**
 * Two shells opened ahead on a host, and what is made of them: those who use a host often do not wait for that. They are
 * opened only where the host has room to spare, given up when others wait for a place or either ends, and closed when
 * nobody has asked for a while.
 */
export function createSpareShells<Made>(
  shells: HostShells,
  make: MakeOfShells<Made>,
  timing: SpareTiming = defaultSpareTiming,
): SpareShells<Made> {
  const hosts = new Map<HostId, HostSpares<Made>>();
  let isClosed = false;

  function sparesOf(target: ShellTarget): HostSpares<Made> {
    const way = JSON.stringify(target.connection);
    const known = hosts.get(target.id);
    if (known?.way === way) return known;
    if (known) drop(known);
    const spares = { target, way, spare: null, making: false, pause: null, end: null };
    hosts.set(target.id, spares);
    return spares;
  }

  function drop(spares: HostSpares<Made>): void {
    if (hosts.get(spares.target.id) === spares) hosts.delete(spares.target.id);
    for (const timer of [spares.pause, spares.end]) if (timer) clearTimeout(timer);
    spares.spare?.close();
    spares.spare = null;
  }

  /** Notes that the host is in use, and that a spare is to be there again soon. */
  function touch(spares: HostSpares<Made>): void {
    refillIn(spares, timing.pauseMs);
    if (spares.end) clearTimeout(spares.end);
    spares.end = setTimeout(() => drop(spares), timing.keptMs).unref();
  }

  function refillIn(spares: HostSpares<Made>, ms: number): void {
    if (spares.pause) clearTimeout(spares.pause);
    spares.pause = setTimeout(() => void refill(spares), ms).unref();
  }

  async function refill(spares: HostSpares<Made>): Promise<void> {
    if (spares.spare !== null || spares.making) return;
    spares.making = true;
    try {
      await makeSpare(spares);
    } catch (error) {
      // Any other failure is for whoever needs a shell to hear.
      if (error instanceof NoSession && hosts.get(spares.target.id) === spares)
        refillIn(spares, pausesToRetry * timing.pauseMs);
    } finally {
      spares.making = false;
    }
  }

  async function makeSpare(spares: HostSpares<Made>): Promise<void> {
    const { target } = spares;
    const wanted = Promise.withResolvers<void>();
    const opened: HostShell[] = [];
    const state = { inUse: false, isOver: false };
    const giveUp = (): void => {
      if (state.inUse) return;
      state.isOver = true;
      if (spares.spare?.close === giveUp) spares.spare = null; // first: nobody is to get what is about to end
      for (const shell of opened) shell.close();
    };
    const open = async (onUsedWanted: () => void): Promise<HostShell> => {
      const onWanted = (): void => (state.inUse ? onUsedWanted() : giveUp());
      const shell = await shells.openShell(target, { ifRoom: true, onWanted });
      opened.push(shell);
      shell.exited.then(giveUp, giveUp);
      return shell;
    };
    try {
      const first = await open(() => undefined);
      const second = await open(wanted.resolve);
      const made = await make([first, second], target, wanted.promise);
      if (state.isOver || isClosed || hosts.get(target.id) !== spares) return giveUp();
      spares.spare = { made, close: giveUp, use: () => (state.inUse = true) };
    } catch (error) {
      giveUp();
      throw error;
    }
  }

  return {
    take(target) {
      if (isClosed || target.connection.kind !== "ssh") return null;
      const spares = sparesOf(target);
      const { spare } = spares;
      spares.spare = null;
      touch(spares);
      spare?.use();
      return spare?.made ?? null;
    },
    close() {
      isClosed = true;
      for (const spares of [...hosts.values()]) drop(spares);
    },
  };
}
