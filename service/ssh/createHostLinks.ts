import { Refusal } from "../../protocol/problem.ts";
import { createTenures, type Tenures } from "./createTenures.ts";
import { describeLinks, placeOn, placesLeft, type Link, type LinksDescription } from "./hostLink.ts";
import type { HostShell } from "../../protocol/shells/hostShell.ts";
import { connectionLost } from "./reachProblem.ts";
import { newWaiter, type LinkedShellOptions, type Waiter } from "./shellWaiter.ts";
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
  openShell(options: LinkedShellOptions): Promise<HostShell>;
  describe(): LinksDescription | null;
  /** Ends all connections; shells that wait are refused with the problem. */
  close(problem: Refusal): void;
}

const shellsPerLink = 8;
const maxLinks = 8;
/** How many may wait that are not patient. */
const maxWaiting = 64;
/** Places that shells opened ahead leave to others. */
const placesForOthers = 3;
/** A host with nothing of ours open that refuses this often opens no session at all. */
const maxRefusals = 20;
const refusalPauseMs = 100;
/** While shells wait, their holders are looked at this often. */
const askEveryMs = 250;
/** sshd gives a session's place back only a moment after its end. */
const settlingMs = 1_000;
const growPauseMs = 10_000;

/**
 * Shares few connections among many shells: up to 8 shells on a connection (or as many as the host allows), up to 8
 * connections, made one at a time. What finds no place waits its turn: within a limit, or, where it is patient, for as
 * long as it takes; meanwhile those who have held a shell longest and can do without are asked for it.
 * Turns are kept whatever happens in between, so two shells that are asked for together come together.
 */
export function createHostLinks(needs: HostLinksNeeds): HostLinks {
  return new LinksOfHost(needs);
}

class LinksOfHost implements HostLinks {
  readonly #needs: HostLinksNeeds;
  readonly #links = new Set<Link>();
  readonly #queue: Waiter[] = [];
  readonly #tenures: Tenures;
  #lastTurn = 0;
  #askTimer: NodeJS.Timeout | null = null;
  #dialing: AbortController | null = null;
  #limit = shellsPerLink;
  #growFromMs = 0;
  #closed: Refusal | null = null;

  constructor(needs: HostLinksNeeds) {
    this.#needs = needs;
    this.#tenures = createTenures(needs.timing.tenureMs, () => performance.now());
  }

  openShell(options: LinkedShellOptions): Promise<HostShell> {
    const { host, timing } = this.#needs;
    const { signal, patient } = options;
    if (this.#closed !== null) return Promise.reject(this.#closed);
    if (options.ifRoom && !this.#hasRoom()) return Promise.reject(new NoSession());
    if (!patient && this.#queue.filter((waiter) => !waiter.patient).length >= maxWaiting)
      return Promise.reject(this.#sessionsTaken(0));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#leave(waiter, connectionLost(host, "the attempt was given up", signal?.reason));
      };
      const onTime = (): void => {
        if (this.#dialing !== null || waiter.opening) timer?.refresh();
        else this.#leave(waiter, this.#sessionsTaken(timing.queueMs));
      };
      const timer = patient ? null : setTimeout(onTime, timing.queueMs);
      const settle = (): boolean => {
        if (waiter.settled) return false;
        waiter.settled = true;
        if (timer !== null) clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        return true;
      };
      const waiter: Waiter = {
        ...newWaiter(options, (this.#lastTurn += 1)),
        resolve: (shell) => {
          if (settle()) resolve(shell);
          else shell.close();
        },
        reject: (problem) => {
          if (settle()) reject(problem);
        },
      };
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted === true) onAbort();
      else this.#requeue(waiter);
    });
  }

  describe(): LinksDescription | null {
    return describeLinks([...this.#links]);
  }

  close(problem: Refusal): void {
    this.#closed = problem;
    if (this.#askTimer !== null) clearTimeout(this.#askTimer);
    this.#dialing?.abort(problem);
    for (const waiter of this.#queue.splice(0)) waiter.reject(problem);
    for (const link of [...this.#links]) this.#remove(link);
  }

  /** Grants places as long as there are any, and sees to it that there will be more. */
  #pump(): void {
    for (let link = this.#place(); link !== null; link = this.#place()) {
      const waiter = this.#queue.shift();
      if (waiter === undefined) return;
      void this.#grant(link, waiter);
    }
    if (this.#queue.length === 0 || this.#closed !== null) return;
    const { size } = this.#links;
    const mayGrow = size === 0 || (size < maxLinks && performance.now() >= this.#growFromMs);
    if (this.#dialing === null && mayGrow) void this.#grow();
    this.#askTimer ??= setTimeout(() => {
      this.#askTimer = null;
      if (this.#dialing === null) this.#tenures.ask(this.#queue.length);
      this.#pump();
    }, askEveryMs);
  }

  #hasRoom(): boolean {
    return this.#queue.length === 0 && this.#place() !== null && placesLeft(this.#links) > placesForOthers;
  }

  #place(): Link | null {
    return placeOn(this.#links, performance.now());
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
    const counts = { used: 0, open: 0, limit: this.#limit, releasedAtMs: -Infinity, pausedUntilMs: 0 };
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
    let endTenure = (): void => undefined;
    const onReleased = (): void => {
      link.used -= 1;
      endTenure();
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
      if (waiter.onWanted !== undefined) endTenure = this.#tenures.begin(waiter.onWanted);
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
    if (!broke || waiter.reconnects >= 1 || waiter.ifRoom) {
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
    if (link.used === 0) waiter.refusals += 1;
    if (link.used === 0 || settling) link.pausedUntilMs = performance.now() + refusalPauseMs;
    if (waiter.ifRoom) waiter.reject(error);
    else if (waiter.refusals > maxRefusals)
      waiter.reject(noShell(this.#needs.host, "it opens no session", error));
    else this.#requeue(waiter);
  }

  #requeue(waiter: Waiter): void {
    if (this.#closed !== null) waiter.reject(this.#closed);
    else if (!waiter.settled) {
      const behind = this.#queue.findIndex(({ turn }) => turn > waiter.turn);
      this.#queue.splice(behind < 0 ? this.#queue.length : behind, 0, waiter);
    }
    this.#pump();
  }

  #sessionsTaken(waitedMs: number): Refusal {
    const sessions = [...this.#links].reduce((sum, link) => sum + link.open, 0);
    return new Refusal("host-sessions-taken", { host: this.#needs.host, sessions, waitedMs });
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
