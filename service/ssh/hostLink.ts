import type { ShellLink, Transport } from "./shellLink.ts";

/** One of a host's connections, and how much of it is taken. */
export interface Link {
  shells: ShellLink;
  /** Places taken, also by shells that are still opening. */
  used: number;
  open: number;
  limit: number;
  releasedAtMs: number;
  /** Until then it is given no shell: the host is about to give a session's place back. */
  pausedUntilMs: number;
  idleTimer: NodeJS.Timeout | null;
}

/** What is held open to a host. */
export interface LinksDescription {
  transport: Transport;
  sinceMs: number;
  connections: number;
  shells: number;
}

/** A connection with a place left; null: none has. */
export function placeOn(links: ReadonlySet<Link>, nowMs: number): Link | null {
  for (const link of links) if (link.used < link.limit && link.pausedUntilMs <= nowMs) return link;
  return null;
}

/** Places that are left on all connections together. */
export function placesLeft(links: ReadonlySet<Link>): number {
  return [...links].reduce((sum, { limit, used }) => sum + Math.max(0, limit - used), 0);
}

/** What people are told of the connections; null: there are none. */
export function describeLinks(links: readonly Link[]): LinksDescription | null {
  const [first] = links;
  if (first === undefined) return null;
  const shells = links.reduce((sum, link) => sum + link.open, 0);
  return {
    transport: first.shells.transport,
    sinceMs: first.shells.sinceMs,
    connections: links.length,
    shells,
  };
}
