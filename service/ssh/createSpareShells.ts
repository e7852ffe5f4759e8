import type { HostId } from "../../protocol/ids.ts";
import type { HostShell, HostShells, ShellTarget } from "./hostShell.ts";

export interface SpareTiming {
  /** From the use of a spare shell to the opening of the next, so that it does not slow down what it was used for. */
  pauseMs: number;
  /** How long shells are kept ahead after one was last asked for. */
  keptMs: number;
}

/** The timing in use. */
export const defaultSpareTiming: SpareTiming = { pauseMs: 300, keptMs: 30_000 };

/** What a dispatch takes at once. */
const sparesPerHost = 2;

interface Spares {
  target: ShellTarget;
  /** How the host was reached when they were opened. */
  way: string;
  ready: Spare[];
  opening: number;
  pause: NodeJS.Timeout | null;
  end: NodeJS.Timeout | null;
}

interface Spare {
  shell: HostShell;
  /** Whoever holds it says what to do when others want its place. */
  onWanted: () => void;
}

/**
 * Shells opened ahead for whoever asks with `ahead`: those who use a host often do not wait for its login shell to start.
 * They are opened only where the host has room to spare, given up when others wait for a place, and closed when nobody
 * has asked for a while.
 */
export function createSpareShells(
  shells: HostShells,
  timing: SpareTiming = defaultSpareTiming,
): HostShells & {
  /** Closes those that nobody uses. */
  close(): void;
} {
  const hosts = new Map<HostId, Spares>();
  let isClosed = false;

  function sparesOf(target: ShellTarget): Spares {
    const way = JSON.stringify(target.connection);
    const known = hosts.get(target.id);
    if (known?.way === way) return known;
    if (known) drop(known);
    const made: Spares = { target, way, ready: [], opening: 0, pause: null, end: null };
    hosts.set(target.id, made);
    return made;
  }

  function drop(spares: Spares): void {
    if (hosts.get(spares.target.id) === spares) hosts.delete(spares.target.id);
    for (const timer of [spares.pause, spares.end]) if (timer) clearTimeout(timer);
    for (const { shell } of spares.ready.splice(0)) shell.close();
  }

  /** Notes that the host is in use, and that its spares are to be there again soon. */
  function touch(spares: Spares): void {
    if (hosts.get(spares.target.id) !== spares) return;
    for (const timer of [spares.pause, spares.end]) if (timer) clearTimeout(timer);
    spares.pause = setTimeout(() => refill(spares), timing.pauseMs).unref();
    spares.end = setTimeout(() => drop(spares), timing.keptMs).unref();
  }

  function refill(spares: Spares): void {
    for (let missing = sparesPerHost - spares.ready.length - spares.opening; missing > 0; missing -= 1)
      void openSpare(spares);
  }

  async function openSpare(spares: Spares): Promise<void> {
    spares.opening += 1;
    let spare: Spare | null = null;
    try {
      const shell = await shells.openShell(spares.target, {
        ifRoom: true,
        onWanted: () => spare?.onWanted(),
      });
      if (isClosed || hosts.get(spares.target.id) !== spares) return shell.close();
      const forget = (): void => {
        const at = spares.ready.indexOf(made);
        if (at >= 0) spares.ready.splice(at, 1);
      };
      const made: Spare = {
        shell,
        onWanted() {
          forget(); // first: nobody is to get a shell that is about to end
          shell.close();
        },
      };
      shell.exited.then(forget, forget);
      spare = made;
      spares.ready.push(made);
    } catch {
      // No room, or no contact: whoever needs a shell opens it and hears why that fails.
    } finally {
      spares.opening -= 1;
    }
  }

  return {
    async openShell(target, { ahead = false, ...options } = {}) {
      if (!ahead || isClosed || target.connection.kind !== "ssh") return shells.openShell(target, options);
      const spares = sparesOf(target);
      const spare = options.signal?.aborted ? undefined : spares.ready.shift();
      try {
        if (!spare) return await shells.openShell(target, options);
        spare.onWanted = options.onWanted ?? (() => undefined);
        return { ...spare.shell, isSpare: true };
      } finally {
        touch(spares);
      }
    },
    close() {
      isClosed = true;
      for (const spares of [...hosts.values()]) drop(spares);
    },
  };
}
