import { Refusal } from "../../protocol/problem.ts";
import type { HostShell } from "./hostShell.ts";
import { connectionLost } from "./reachProblem.ts";
import { NoSession, type ShellLink, type Transport } from "./shellLink.ts";
import type { SshTiming } from "./sshTiming.ts";

export interface HostLinksNeeds {
  host: string;
  /** Makes one more connection. */
  dial: (options: { attended: boolean; signal: AbortSignal }) => Promise<ShellLink>;
  timing: SshTiming;
  onLost: (reason: string) => void;
}

/** What is held open to a host. */
export interface LinksDescription {
  transport: Transport;
  sinceMs: number;
  connections: number;
  shells: number;
}

/** The connections to one host, and the shells that wait for a place on them. */
export interface HostLinks {
  openShell(options: { attended: boolean; signal: AbortSignal | undefined }): Promise<HostShell>;
  describe(): LinksDescription | null;
  /** Ends all connections; shells that wait are refused with the problem. */
  close(problem: Refusal): void;
}

interface Link {
  shells: ShellLink;
  /** Places taken, also by shells that are still opening. */
  used: number;
  open: number;
  limit: number;
  releasedAtMs: number;
  idleTimer: NodeJS.Timeout | null;
}

interface Waiter {
  attended: boolean;
  signal: AbortSignal | undefined;
  resolve: (shell: HostShell) => void;
  reject: (problem: Error) => void;
  reconnects: number;
  refusals: number;
  /** A place was granted, the shell is opening. */
  opening: boolean;
  settled: boolean;
}

const shellsPerLink = 8;
const maxLinks = 4;
const maxWaiting = 64;
const maxRefusals = 20;
const refusalPauseMs = 100;
/** sshd gives a session's place back only a moment after its end. */
const settlingMs = 1_000;
const growPauseMs = 10_000;

/**
 * Shares few connections among many shells: up to 8 shells on a connection (or as many as the host allows), up to 4
 * connections, made one at a time; what finds no place waits, within limits.
 */
export function createHostLinks({ host, dial, timing, onLost }: HostLinksNeeds): HostLinks {
  const links = new Set<Link>();
  const queue: Waiter[] = [];
  let dialing: { attended: boolean; controller: AbortController } | null = null;
  let limit = shellsPerLink;
  let growFromMs = 0;
  let closed: Refusal | null = null;

  const pump = (): void => {
    for (let link = placeOn(links); link !== null && queue.length > 0; link = placeOn(links)) {
      const waiter = queue.shift();
      if (waiter !== undefined) void grant(link, waiter);
    }
    const mayGrow = links.size === 0 || (links.size < maxLinks && performance.now() >= growFromMs);
    if (queue.length > 0 && dialing === null && mayGrow && closed === null) void grow();
  };

  const grow = async (): Promise<void> => {
    const attended = queue.some((waiter) => waiter.attended);
    const controller = new AbortController();
    dialing = { attended, controller };
    try {
      const link = await dial({ attended, signal: controller.signal });
      if (closed === null) add(link);
      else link.close();
    } catch (error) {
      // given up: whoever waits by now came later and gets an attempt of their own
      if (!controller.signal.aborted) {
        growFromMs = performance.now() + growPauseMs;
        if (links.size === 0) refuseWaiting(error, attended);
      }
    }
    dialing = null;
    pump();
  };

  /** Those who may be asked do not take a refusal for want of somebody to ask. */
  const refuseWaiting = (error: unknown, attended: boolean): void => {
    const problem = error instanceof Error ? error : new Error(String(error));
    const asks =
      problem instanceof Refusal && (problem.code === "needs-login" || problem.code === "host-key-unknown");
    for (const waiter of queue.splice(0)) {
      if (asks && !attended && waiter.attended) queue.push(waiter);
      else waiter.reject(problem);
    }
  };

  const add = (shells: ShellLink): void => {
    const link: Link = { shells, used: 0, open: 0, limit, releasedAtMs: -Infinity, idleTimer: null };
    links.add(link);
    watchIdle(link);
    shells.onLost((reason) => {
      if (!links.delete(link)) return;
      if (link.idleTimer !== null) clearTimeout(link.idleTimer);
      if (links.size === 0) limit = shellsPerLink;
      onLost(reason);
      pump();
    });
  };

  const remove = (link: Link): void => {
    links.delete(link);
    if (link.idleTimer !== null) clearTimeout(link.idleTimer);
    link.shells.close();
  };

  const watchIdle = (link: Link): void => {
    if (link.idleTimer !== null) clearTimeout(link.idleTimer);
    link.idleTimer = null;
    if (link.used > 0) return;
    link.idleTimer = setTimeout(() => {
      remove(link);
    }, timing.idleMs);
    link.idleTimer.unref();
  };

  const grant = async (link: Link, waiter: Waiter): Promise<void> => {
    link.used += 1;
    waiter.opening = true;
    watchIdle(link);
    let state: "opening" | "open" | "failed" = "opening";
    const onReleased = (): void => {
      link.used -= 1;
      if (state === "open") link.open -= 1;
      if (state === "open") link.releasedAtMs = performance.now();
      if (links.has(link)) watchIdle(link);
      if (state !== "opening") pump();
    };
    try {
      const shell = await link.shells.openShell({ signal: waiter.signal, onReleased });
      state = "open";
      link.open += 1;
      if (waiter.settled) shell.close();
      else waiter.resolve(shell);
    } catch (error) {
      state = "failed";
      waiter.opening = false;
      retry(link, waiter, error instanceof Error ? error : new Error(String(error)));
      pump();
    }
  };

  const retry = (link: Link, waiter: Waiter, error: Error): void => {
    if (error instanceof NoSession) {
      const settling = performance.now() - link.releasedAtMs < settlingMs;
      if (!settling) limit = link.limit = Math.max(1, Math.min(link.limit, link.used));
      waiter.refusals += 1;
      if (waiter.refusals > maxRefusals) {
        waiter.reject(new Refusal("host-shell-failed", { host, reason: "it opens no session" }, { cause: error }));
      } else if (link.used > 0 && !settling) requeue(waiter);
      else setTimeout(requeue, refusalPauseMs, waiter);
      return;
    }
    const broke = error instanceof Refusal && error.code === "host-connection-lost";
    if (!broke || waiter.reconnects >= 1) {
      waiter.reject(error);
      return;
    }
    waiter.reconnects += 1;
    requeue(waiter);
  };

  const requeue = (waiter: Waiter): void => {
    if (closed !== null) waiter.reject(closed);
    else if (!waiter.settled) queue.unshift(waiter);
    pump();
  };

  const leave = (waiter: Waiter, problem: Error): void => {
    const place = queue.indexOf(waiter);
    if (place >= 0) queue.splice(place, 1);
    waiter.reject(problem);
    if (queue.length === 0) dialing?.controller.abort(problem);
  };

  const openShell: HostLinks["openShell"] = ({ attended, signal }) =>
    new Promise((resolve, reject) => {
      if (closed !== null || queue.length >= maxWaiting) {
        reject(closed ?? new Refusal("host-shell-failed", { host, reason: "too many shells wait for it already" }));
        return;
      }
      const onAbort = (): void => {
        leave(waiter, connectionLost(host, "the attempt was given up", signal?.reason));
      };
      const onTime = (): void => {
        if (dialing !== null || waiter.opening) timer.refresh();
        else leave(waiter, new Refusal("host-shell-failed", { host, reason: "all its shells are taken" }));
      };
      const timer = setTimeout(onTime, timing.queueMs);
      const once = (act: () => void): void => {
        if (waiter.settled) return;
        waiter.settled = true;
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        act();
      };
      const waiter: Waiter = {
        attended,
        signal,
        resolve: (shell) => {
          once(() => {
            resolve(shell);
          });
        },
        reject: (problem) => {
          once(() => {
            reject(problem);
          });
        },
        reconnects: 0,
        refusals: 0,
        opening: false,
        settled: false,
      };
      queue.push(waiter);
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted === true) onAbort();
      else pump();
    });

  return {
    openShell,
    describe: () => describeLinks([...links]),
    close(problem) {
      closed = problem;
      dialing?.controller.abort(problem);
      for (const waiter of queue.splice(0)) waiter.reject(problem);
      for (const link of [...links]) remove(link);
    },
  };
}

function placeOn(links: ReadonlySet<Link>): Link | null {
  for (const link of links) if (link.used < link.limit) return link;
  return null;
}

function describeLinks(links: readonly Link[]): LinksDescription | null {
  const [first] = links;
  if (first === undefined) return null;
  const shells = links.reduce((sum, link) => sum + link.open, 0);
  return { transport: first.shells.transport, sinceMs: first.shells.sinceMs, connections: links.length, shells };
}
