import type { HostSignals } from "../../protocol/hostStatus.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { HostId } from "../../protocol/ids.ts";
import { FedPoller, type Poller } from "./fedPoller.ts";
import { HostPoller } from "../../protocol/shells/hostPoller.ts";
import { probeOnce } from "./probeOnce.ts";
import {
  backgroundCadenceMs,
  watchedCadenceMs,
  type ProbeFailure,
  type ProbeListener,
  type ProbeLog,
  type ProbeOnceOptions,
  type ProbeParts,
} from "../../protocol/shells/probeParts.ts";

/** Everything the prober needs. Timer and chance have plain defaults. */
export interface ProberOptions
  extends Pick<ProbeParts, "shells" | "now">, Partial<Omit<ProbeParts, "shells" | "now">> {
  /** A new reading of a host. Must not throw. */
  onReading(reading: HostReading): void;
  /** A host could not be reached, or its shell did not work. Must not throw. */
  onFailure(hostId: string, failure: ProbeFailure): void;
  /** After the last watcher left, the quick cadence goes on this long, since a view is often closed for a moment. */
  lingerMs?: number;
}

/** A host to read, or to leave alone. */
export interface ProbeTarget {
  target: ShellTarget;
  probe: "on" | "off";
}

/** Where a host's readings come from by themselves, as an agent. */
export interface ReadingFeed {
  /** Null: the host is left alone. */
  setCadence(cadenceMs: number | null): void;
}

/** Reads hosts: every 15 s, every second while somebody looks. */
export interface Prober {
  /** A host is fed from now on instead of being read, or read again (null). */
  setFeed(hostId: string, feed: ReadingFeed | null): void;
  /** Takes a reading of a host that is fed. */
  takeFed(reading: HostReading): void;
  /** What feeds a host says that it cannot be read. */
  failFed(hostId: string, reason: string): void;
  /** How often a host is to be read now; null: not at all. */
  cadenceMs(hostId: string): number | null;
  /** The hosts there are now. Others are let go; a host whose way in has changed is opened anew. */
  setHosts(targets: readonly ProbeTarget[]): void;
  /** Somebody looks at a host. Returns the end of looking, which may be called again without effect. */
  watch(hostId: string): () => void;
  /** One reading by a shell of its own, also of a host that is not in the set. Rejects with a Refusal. */
  probeOnce(target: ShellTarget, options: ProbeOnceOptions): Promise<HostReading>;
  /** Tries a host now that waits for its next attempt. */
  retryNow(hostId: string): void;
  /** The newest reading since the start; null when there is none. */
  latest(hostId: string): HostReading | null;
  /** What `hostStatus` needs to know of a host. */
  signals(hostId: string): HostSignals;
  /** Ends all reading; fulfils when it has ended. */
  stop(): Promise<void>;
}

/** Creates a prober; it does nothing until `setHosts`. */
export function createProber(options: ProberOptions): Prober {
  return new HostProber(options);
}

class HostProber implements Prober {
  readonly #parts: ProbeParts;
  readonly #listener: ProbeListener;
  readonly #lingerMs: number;
  readonly #pollers = new Map<string, Poller>();
  readonly #feeds = new Map<string, ReadingFeed>();
  readonly #watchers = new Map<string, number>();
  readonly #lingers = new Map<string, () => void>();
  readonly #stopping = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: ProberOptions) {
    const { shells, now, setTimer = plainTimer, random = Math.random, log = silentLog } = options;
    this.#parts = { shells, now, setTimer, random, log, isJobOn: options.isJobOn ?? (() => false) };
    this.#listener = options;
    this.#lingerMs = options.lingerMs ?? 5_000;
  }

  setHosts(targets: readonly ProbeTarget[]): void {
    if (this.#isStopped) return;
    const wanted = new Map(targets.filter(({ probe }) => probe === "on").map((t) => [t.target.id, t.target]));
    for (const [id, poller] of this.#pollers) {
      const target = wanted.get(poller.target.id);
      if (target === undefined || !isSameWayIn(target, poller.target)) this.#drop(id, poller);
    }
    for (const [id, target] of wanted) {
      if (this.#pollers.has(id)) continue;
      this.#pollers.set(id, this.#open(target, null));
    }
    for (const [id, feed] of this.#feeds) if (!wanted.has(id as HostId)) feed.setCadence(null);
  }

  setFeed(hostId: string, feed: ReadingFeed | null): void {
    if (this.#isStopped) return;
    if (feed === null) this.#feeds.delete(hostId);
    else this.#feeds.set(hostId, feed);
    const before = this.#pollers.get(hostId);
    if (before === undefined) return feed?.setCadence(null);
    this.#drop(hostId, before);
    this.#pollers.set(hostId, this.#open(before.target, before));
  }

  takeFed(reading: HostReading): void {
    const poller = this.#pollers.get(reading.hostId);
    if (poller instanceof FedPoller) poller.adopt(reading);
  }

  failFed(hostId: string, reason: string): void {
    const poller = this.#pollers.get(hostId);
    if (poller instanceof FedPoller) poller.fail(reason);
  }

  cadenceMs(hostId: string): number | null {
    return this.#pollers.has(hostId) ? this.#cadenceOf(hostId) : null;
  }

  watch(hostId: string): () => void {
    this.#watchers.set(hostId, (this.#watchers.get(hostId) ?? 0) + 1);
    this.#endLinger(hostId);
    this.#pollers.get(hostId)?.setCadence(watchedCadenceMs);
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      this.#unwatch(hostId);
    };
  }

  async probeOnce(target: ShellTarget, options: ProbeOnceOptions): Promise<HostReading> {
    const reading = await probeOnce(this.#parts, target, options);
    const poller = this.#pollers.get(target.id);
    poller?.adopt(reading);
    poller?.retryNow(); // what kept it waiting may be over
    return reading;
  }

  retryNow(hostId: string): void {
    this.#pollers.get(hostId)?.retryNow();
  }

  latest(hostId: string): HostReading | null {
    return this.#pollers.get(hostId)?.latest ?? null;
  }

  signals(hostId: string): HostSignals {
    const unknown = { lastSeenAtMs: null, cadenceMs: backgroundCadenceMs, failure: null };
    return this.#pollers.get(hostId)?.signals() ?? unknown;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#lingers.values()) cancel();
    this.#lingers.clear();
    for (const [id, poller] of this.#pollers) this.#drop(id, poller);
    await Promise.all(this.#stopping);
  }

  #unwatch(hostId: string): void {
    const left = (this.#watchers.get(hostId) ?? 1) - 1;
    if (left > 0) {
      this.#watchers.set(hostId, left);
      return;
    }
    this.#watchers.delete(hostId);
    if (this.#isStopped) return;
    const slowDown = () => {
      this.#lingers.delete(hostId);
      this.#pollers.get(hostId)?.setCadence(backgroundCadenceMs);
    };
    this.#lingers.set(hostId, this.#parts.setTimer(slowDown, this.#lingerMs));
  }

  #endLinger(hostId: string): void {
    this.#lingers.get(hostId)?.();
    this.#lingers.delete(hostId);
  }

  #cadenceOf(hostId: string): number {
    return this.#watchers.has(hostId) || this.#lingers.has(hostId) ? watchedCadenceMs : backgroundCadenceMs;
  }

  /** A host with a feed, or that is reached by its agent only, is never read by a shell of ours. */
  #open(target: ShellTarget, before: Poller | null): Poller {
    const cadenceMs = this.#cadenceOf(target.id);
    const feed = this.#feeds.get(target.id) ?? null;
    const known = { latest: before?.latest ?? null, lastSeenAtMs: before?.signals().lastSeenAtMs ?? null };
    if (feed !== null || target.connection.kind === "agent")
      return new FedPoller({
        target,
        feed,
        cadenceMs,
        known,
        now: this.#parts.now,
        listener: this.#listener,
      });
    return new HostPoller(this.#parts, this.#listener, target, cadenceMs, known);
  }

  #drop(id: string, poller: Poller): void {
    this.#pollers.delete(id);
    const stopping = poller.stop().finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }
}

const plainTimer: ProbeParts["setTimer"] = (run, delayMs) => {
  const timer = setTimeout(run, delayMs);
  return () => {
    clearTimeout(timer);
  };
};

const silentLog: ProbeLog = { debug: () => undefined, warn: () => undefined };

function isSameWayIn(a: ShellTarget, b: ShellTarget): boolean {
  return a.name === b.name && JSON.stringify(a.connection) === JSON.stringify(b.connection);
}
