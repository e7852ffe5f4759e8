import type { HostStatus } from "./host.ts";

/** What the liveness rule needs to know of a host. Times are the service's clock. */
export interface HostSignals {
  lastSeenAtMs: number | null;
  /** Milliseconds between readings that the host was last asked for. */
  cadenceMs: number;
  /** The last failure to connect, if it is newer than the last reading. */
  failure: { atMs: number; code: string; reason: string; needsLogin: boolean } | null;
}

/** Whether a host is worth trusting right now. Pure; tree, placement and command line all use it. */
export function hostStatus(host: HostSignals, nowMs: number): HostStatus {
  const { failure, lastSeenAtMs } = host;
  if (failure !== null) {
    if (failure.needsLogin) return { kind: "needs-login", sinceMs: failure.atMs, reason: failure.reason };
    return {
      kind: "unreachable",
      sinceMs: failure.atMs,
      code: failure.code,
      reason: failure.reason,
      lastSeenAtMs,
    };
  }
  if (lastSeenAtMs === null) return { kind: "never" };
  const silentMs = Math.max(0, nowMs - lastSeenAtMs);
  const graceMs = Math.max(3 * host.cadenceMs, 5_000);
  if (silentMs <= graceMs) return { kind: "online", lastSeenAtMs };
  if (silentMs <= 4 * graceMs) return { kind: "late", lastSeenAtMs, silentMs };
  return { kind: "offline", lastSeenAtMs, silentMs };
}
