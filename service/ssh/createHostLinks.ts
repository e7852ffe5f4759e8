import { Refusal } from "../../protocol/problem.ts";
import { describeLinks, placeOn, type Link, type LinksDescription } from "./hostLink.ts";
import type { HostShell } from "./hostShell.ts";
import { connectionLost } from "./reachProblem.ts";
import { NoSession, type ShellLink } from "./shellLink.ts";
import type { SshTiming } from "./sshTiming.ts";

export interface HostLinksNeeds {
  host: string;
  /** Makes one more connection. */
  dial: (options: { attended: boolean; signal: AbortSignal }) => Promise<ShellLink>;
  timing: SshTiming;
  onLost: (reason: string) => void;
}

/** The connections to one host, and the shells that wait for a place on them. */
export interface HostLinks {
  openShell(options: { attended: boolean; signal: AbortSignal | undefined }): Promise<HostShell>;
  describe(): LinksDescription | null;
  /** Ends all connections; shells that wait are refused with the problem. */
  close(problem: Refusal): void;
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
export function createHostLinks(needs: HostLinksNeeds): HostLinks {
  return new LinksOfHost(needs);
}

class LinksOfHost implements HostLinks {
  readonly #needs: HostLinksNeeds;
  readonly #links = new Set<Link>();
  readonly #queue: Waiter[] = [];
  #dialing: AbortController | null = null;
  #limit = shellsPerLink;
  #growFromMs = 0;
  #closed: Refusal | null = null;

  constructor(needs: HostLinksNeeds) {
    this.#needs = needs;
  }

  openShell({
    attended,
    signal,
  }: {
    attended: boolean;
    signal: AbortSignal | undefined;
  }): Promise<HostShell> {
    const { host, timing } = this.#needs;
    if (this.#closed !== null) return Promise.reject(this.#closed);
    if (this.#queue.length >= maxWaiting)
      return Promise.reject(noShell(host, "too many wait for a shell already"));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#leave(waiter, connectionLost(host, "the attempt was given up", signal?.reason));
      };
      const onTime = (): void => {
        if (this.#dialing !== null || waiter.opening) timer.refresh();
        else this.#leave(waiter, noShell(host, "all its shells are taken"));
      };
      const timer = setTimeout(onTime, timing.queueMs);
      const settle = (): boolean => {
        if (waiter.settled) return false;
        waiter.settled = true;
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        return true;
      };
      const waiter: Waiter = {
        ...{ attended, signal, reconnects: 0, refusals: 0, opening: false, settled: false },
        resolve: (shell) => {
          if (settle()) resolve(shell);
          else shell.close();
        },
        reject: (problem) => {
          if (settle()) reject(problem);
        },
      };
      this.#queue.push(waiter);
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted === true) onAbort();
      else this.#pump();
    });
  }

  describe(): LinksDescription | null {
    return describeLinks([...this.#links]);
  }

  close(problem: Refusal): void {
    this.#closed = problem;
    this.#dialing?.abort(problem);
    for (const waiter of this.#queue.splice(0)) waiter.reject(problem);
    for (const link of [...this.#links]) this.#remove(link);
  }

  /** Grants places as long as there are any, and sees to it that there will be more. */
  #pump(): void {
    for (let link = placeOn(this.#links); link !== null; link = placeOn(this.#links)) {
      const waiter = this.#queue.shift();
      if (waiter === undefined) return;
      void this.#grant(link, waiter);
    }
    const { size } = this.#links;
    const mayGrow = size === 0 || (size < maxLinks && performance.now() >= this.#growFromMs);
    if (this.#queue.length > 0 && this.#dialing === null && mayGrow && this.#closed === null)
      void this.#grow();
  }

  async #grow(): Promise<void> {
    const attended = this.#queue.some((waiter) => waiter.attended);
    const controller = new AbortController();
    this.#dialing = controller;
    try {
      const link = await this.#needs.dial({ attended, signal: controller.signal });
      if (controller.signal.aborted) link.close();
      else this.#add(link);
    } catch (error) {
      // given up: whoever waits by now came later and gets an attempt of their own
      if (!controller.signal.aborted) {
        this.#growFromMs = performance.now() + growPauseMs;
        if (this.#links.size === 0) this.#refuseWaiting(asError(error), attended);
      }
    }
    this.#dialing = null;
    this.#pump();
  }

  /** Those who may be asked do not take a refusal for want of somebody to ask. */
  #refuseWaiting(problem: Error, attended: boolean): void {
    const wantsAnswer =
      problem instanceof Refusal && (problem.code === "needs-login" || problem.code === "host-key-unknown");
    for (const waiter of this.#queue.splice(0)) {
      if (wantsAnswer && !attended && waiter.attended) this.#queue.push(waiter);
      else waiter.reject(problem);
    }
  }

  #add(shells: ShellLink): void {
    const counts = { used: 0, open: 0, limit: this.#limit, releasedAtMs: -Infinity };
    const link: Link = { shells, ...counts, idleTimer: null };
    this.#links.add(link);
    this.#watchIdle(link);
    shells.onLost((reason) => {
      if (!this.#links.delete(link)) return;
      if (link.idleTimer !== null) clearTimeout(link.idleTimer);
      if (this.#links.size === 0) this.#limit = shellsPerLink;
      this.#needs.onLost(reason);
      this.#pump();
    });
  }

  #remove(link: Link): void {
    this.#links.delete(link);
    if (link.idleTimer !== null) clearTimeout(link.idleTimer);
    link.shells.close();
  }

  #watchIdle(link: Link): void {
    if (link.idleTimer !== null) clearTimeout(link.idleTimer);
    link.idleTimer = null;
    if (link.used > 0) return;
    link.idleTimer = setTimeout(() => {
      this.#remove(link);
    }, this.#needs.timing.idleMs);
    link.idleTimer.unref();
  }

  async #grant(link: Link, waiter: Waiter): Promise<void> {
    let state: "opening" | "open" | "failed" = "opening";
    const onReleased = (): void => {
      link.used -= 1;
      if (state === "open") {
        link.open -= 1;
        link.releasedAtMs = performance.now();
      }
      if (this.#links.has(link)) this.#watchIdle(link);
      if (state !== "opening") this.#pump();
    };
    link.used += 1;
    waiter.opening = true;
    this.#watchIdle(link);
    try {
      const shell = await link.shells.openShell({ signal: waiter.signal, onReleased });
      state = "open";
      link.open += 1;
      waiter.resolve(shell);
    } catch (error) {
      state = "failed";
      waiter.opening = false;
      this.#retry(link, waiter, asError(error));
      this.#pump();
    }
  }

  #retry(link: Link, waiter: Waiter, error: Error): void {
    if (error instanceof NoSession) {
      this.#retryElsewhere(link, waiter, error);
      return;
    }
    const broke = error instanceof Refusal && error.code === "host-connection-lost";
    if (!broke || waiter.reconnects >= 1) {
      waiter.reject(error);
      return;
    }
    waiter.reconnects += 1;
    this.#requeue(waiter);
  }

  /** The host takes fewer shells on a connection than we thought: that is learned, and the shell goes on waiting. */
  #retryElsewhere(link: Link, waiter: Waiter, error: NoSession): void {
    const settling = performance.now() - link.releasedAtMs < settlingMs;
    if (!settling) this.#limit = link.limit = Math.max(1, Math.min(link.limit, link.used));
    waiter.refusals += 1;
    if (waiter.refusals > maxRefusals) waiter.reject(noShell(this.#needs.host, "it opens no session", error));
    else if (link.used > 0 && !settling) this.#requeue(waiter);
    else
      setTimeout(() => {
        this.#requeue(waiter);
      }, refusalPauseMs);
  }

  #requeue(waiter: Waiter): void {
    if (this.#closed !== null) waiter.reject(this.#closed);
    else if (!waiter.settled) this.#queue.unshift(waiter);
    this.#pump();
  }

  #leave(waiter: Waiter, problem: Error): void {
    const place = this.#queue.indexOf(waiter);
    if (place >= 0) this.#queue.splice(place, 1);
    waiter.reject(problem);
    if (this.#queue.length === 0) this.#dialing?.abort(problem);
  }
}

function noShell(host: string, reason: string, cause?: unknown): Refusal {
  return new Refusal("host-shell-failed", { host, reason }, { cause });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
