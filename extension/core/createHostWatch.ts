import type { HostId } from "../../protocol/ids.ts";

/** A person looks at no more hosts than these at once in a list; those beyond come at the background's pace. */
export const mostWatched = 64;

/** Says which hosts an owner wants watched, in place of those it named before; an empty set lets all go. */
export type HostWatch = (owner: object, hostIds: ReadonlySet<HostId>) => void;

/** Joins what several owners want watched: each host is started once, and stopped when the last owner lets it go. */
export function createHostWatch(start: (hostId: HostId) => () => void): HostWatch {
  const wanted = new Map<object, ReadonlySet<HostId>>();
  const running = new Map<HostId, () => void>();
  return (owner, hostIds) => {
    if (hostIds.size === 0) wanted.delete(owner);
    else wanted.set(owner, new Set(hostIds));
    const union = new Set([...wanted.values()].flatMap((ids) => [...ids]));
    for (const [id, stop] of running) {
      if (union.has(id)) continue;
      running.delete(id);
      stop();
    }
    for (const id of union) if (!running.has(id)) running.set(id, start(id));
  };
}
