import { formatAge } from "./figures.ts";
import type { Contact } from "./contact.ts";
import type { KnownHost } from "./fleetState.ts";
import { hostWords } from "./words/hostWords.ts";

const say = hostWords.status;

/** Whether the figures of a host may be shown as what is so now. */
export function isFresh(host: KnownHost, contact: Contact): boolean {
  return contact.kind === "live" && host.record.status.kind === "online";
}

/** Milliseconds since the host's figures were read, as well as this program's clock can tell; null when there are none. */
export function readingAgeMs(host: KnownHost, nowMs: number): number | null {
  const { status } = host.record;
  const sinceHeardMs = Math.max(0, nowMs - host.heardAtMs);
  switch (status.kind) {
    case "online":
      return sinceHeardMs;
    case "late":
    case "offline":
      return status.silentMs + sinceHeardMs;
    case "unreachable":
      // Two clocks: the age is at least what we waited ourselves.
      if (status.lastSeenAtMs !== null) return Math.max(sinceHeardMs, nowMs - status.lastSeenAtMs);
      return host.reading === null ? null : Math.max(sinceHeardMs, nowMs - host.reading.atMs);
    case "needs-login":
    case "never": // since the service began: this editor may hold an older reading
      return host.reading === null ? null : Math.max(sinceHeardMs, nowMs - host.reading.atMs);
  }
}

/**
 * A host's status in a few words, with its age where that matters: `online`, `offline, seen 3 min ago`. Without contact to
 * the service only the age: that there is none is said once, above.
 */
export function statusText(host: KnownHost, contact: Contact, nowMs: number): string {
  const ageMs = readingAgeMs(host, nowMs);
  const seen = ageMs === null ? say.neverSeen : say.seen(formatAge(ageMs));
  if (contact.kind !== "live") return seen;
  const { status } = host.record;
  switch (status.kind) {
    case "never":
      return host.record.probe === "off" ? say.notProbed : say.notSeenYet;
    case "online":
      return say.online;
    case "late":
      return say.late(seen);
    case "offline":
      return say.offline(seen);
    case "unreachable":
      return say.unreachable(withoutName(status.reason, host.record.name));
    case "needs-login":
      return say.needsLogin(withoutName(status.reason, host.record.name));
  }
}

/** A reason beside the host's name, which need not say it again: `connection refused` of `box (…) cannot be reached: connection refused.` */
export function withoutName(reason: string, name: string): string {
  const rest = reason.startsWith(`${name} `)
    ? reason.slice(name.length + 1).replace(/^\([^)]*\) /, "")
    : reason;
  return rest.replace(/^cannot be reached: /, "").replace(/\.$/, "");
}
