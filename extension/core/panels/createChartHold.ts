import type { HostPanelModel } from "./hostSchema.ts";

/** Holds a host's charts still while a person looks at them, also over the page's own reloads. */
export interface ChartHold {
  set(isHeld: boolean): void;
  /** Shows the newest once more before it holds, as after another span was chosen. */
  renew(): void;
  /**
   * The newest model, with what the charts are to show in its place while they are held. `isWhole`: whether the minutes
   * before have been asked for; what is held begins with no less.
   */
  over(newest: Omit<HostPanelModel, "charted">, isWhole: boolean): HostPanelModel;
}

const noMetrics = { atMs: [], cpuPct: [], memoryUsedBytes: [], gpus: [] };

export function createChartHold(): ChartHold {
  let isWanted = false;
  let held: HostPanelModel["charted"] = null;
  /** What a page shows that has just asked to hold. */
  let last: HostPanelModel["charted"] = null;

  return {
    set(isHeld) {
      isWanted = isHeld;
      held = isHeld ? (held ?? last) : null;
    },
    renew() {
      held = null;
      last = null;
    },
    over(newest, isWhole) {
      // Longer spans are held where they are asked for.
      if (newest.past !== null) return { ...newest, charted: null };
      const { host, minutes, metrics } = newest;
      last = isWhole && metrics.atMs.length > 0 ? { host, minutes, metrics } : null;
      if (!isWanted) return { ...newest, charted: null };
      held ??= last;
      return held ? { ...newest, metrics: noMetrics, charted: held } : { ...newest, charted: null };
    },
  };
}
