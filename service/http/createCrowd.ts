/** How many may be there at once. */
export interface CrowdLimits {
  total: number;
  perGroup: number;
  /** Who has to go when it is full: who came first, or who comes now. */
  ends: "oldest" | "newest";
}

/** Those who are there, by group. */
export interface Crowd {
  /** Lets one in and ends whoever is too many. The result takes it out again; more than once does nothing. */
  add(group: string, end: () => void): () => void;
}

/** Keeps a crowd within its limits; what it remembers is who is there. */
export function createCrowd(limits: CrowdLimits): Crowd {
  interface One {
    group: string;
    end: () => void;
  }
  const all = new Set<One>();
  const groups = new Map<string, Set<One>>();

  function leave(one: One): void {
    if (!all.delete(one)) return;
    const group = groups.get(one.group);
    group?.delete(one);
    if (group?.size === 0) groups.delete(one.group);
  }

  /** Ends one of those given when they are too many. */
  function trim(members: Set<One>, most: number, newest: One): void {
    if (members.size <= most) return;
    const [oldest = newest] = members;
    const gone = limits.ends === "oldest" ? oldest : newest;
    leave(gone);
    gone.end();
  }

  return {
    add(name, end) {
      const one = { group: name, end };
      const group = groups.get(name) ?? new Set();
      groups.set(name, group.add(one));
      all.add(one);
      trim(group, limits.perGroup, one);
      trim(all, limits.total, one);
      return () => leave(one);
    },
  };
}
