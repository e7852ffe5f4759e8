/** Lets a few at a time through. `enter` resolves with the way out, to be called once done (again: no effect). */
export interface Gate {
  enter(): Promise<() => void>;
}

/** A gate for `width` at a time, first come, first served. */
export function createGate(width: number): Gate {
  const waiting: (() => void)[] = [];
  let inside = 0;
  const leaveOnce = (): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside -= 1;
      waiting.shift()?.();
    };
  };
  return {
    async enter() {
      if (inside >= width) await new Promise<void>((resolve) => waiting.push(resolve));
      inside += 1;
      return leaveOnce();
    },
  };
}
