import type { HostSignals } from "../../protocol/hostStatus.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { ShellTarget } from "../ssh/hostShell.ts";
import { HostPoller } from "./hostPoller.ts";
import { probeOnce } from "./probeOnce.ts";
import {
  backgroundCadenceMs,
  watchedCadenceMs,
  type ProbeFailure,
  type ProbeListener,
  type ProbeLog,
  type ProbeOnceOptions,
  type ProbeParts,
} from "./probeParts.ts";

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

/** Reads hosts: every 15 s, every second while somebody looks. */
export interface Prober {
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
  readonly #pollers = new Map<string, HostPoller>();
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
      this.#pollers.set(id, new HostPoller(this.#parts, this.#listener, target, this.#cadenceOf(id)));
    }
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

  #drop(id: string, poller: HostPoller): void {
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
