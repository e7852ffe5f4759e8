/** How long somebody waits for what is away; together, not each. */
export interface Patience {
  /** Notes whether one of them is away. */
  note(who: "service" | "host", isAway: boolean): void;
  stop(): void;
}

/** Calls back once when service or host have been away for so long without a break; null: never. */
export function createPatience(limitMs: number | null, onEnd: () => void): Patience {
  const away = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    note(who, isAway) {
      if (isAway) away.add(who);
      else away.delete(who);
      if (away.size === 0) stop();
      else if (limitMs !== null) timer ??= setTimeout(onEnd, limitMs);
    },
    stop,
  };
}
