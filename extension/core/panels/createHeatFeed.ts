import type { RouteClient } from "../../../protocol/client/routeClient.ts";
import type { HostMetrics } from "../../../protocol/hostMetrics.ts";
import type { HostId } from "../../../protocol/ids.ts";
import { heatStepS, type Heat, type HeatHours } from "./heatSchema.ts";

/** The service answers one at a time: a few wait there, the others here. */
const atOnce = 4;
/** More hosts than fit on a screen are not asked for, whatever the page says. */
const mostInSight = 80;
/** So many hosts that were scrolled past are remembered. */
const mostKept = 300;
/** After a failure a host is asked for again after so long. */
const failedMs = 60_000;

/** What the heat map's figures need of the world. */
export interface HeatFeedNeeds {
  /** Who is asked; null while nobody looks, and without contact. */
  client: () => Pick<RouteClient, "call"> | null;
  now: () => number;
  /** The service's clock, as well as it is known. */
  serviceNowMs: () => number;
  /** An answer has come, or none. */
  onChange: () => void;
}

/** How busy GPUs were over the last hours, of the hosts in sight alone; once a column for each. */
export interface HeatFeed {
  /** Null: the heat map is not shown, and nothing is asked for. */
  span(hours: HeatHours | null): void;
  inSight(hostIds: readonly HostId[]): void;
  /** Asks for what is due, if anything is. */
  look(): void;
  /** Another fleet is shown: nothing of the one before is. */
  forget(): void;
  shown(): Heat | null;
}

interface Kept {
  hours: HeatHours;
  /** Where its columns ended. */
  toMs: number;
  stepMs: number;
  metrics: HostMetrics;
}

/** Starts without a heat map. */
export function createHeatFeed(needs: HeatFeedNeeds): HeatFeed {
  /** In the order in which they came. */
  const kept = new Map<HostId, Kept>();
  const failedAtMs = new Map<HostId, number>();
  const asking = new Set<HostId>();
  let hours: HeatHours | null = null;
  let hostIds: readonly HostId[] = [];
  /** Rises when all that was asked for is to be forgotten. */
  let age = 0;

  function endMs(of: HeatHours): number {
    const stepMs = heatStepS[of] * 1_000;
    return Math.ceil(needs.serviceNowMs() / stepMs) * stepMs;
  }

  function isDue(hostId: HostId, of: HeatHours): boolean {
    const known = kept.get(hostId);
    if (known !== undefined && known.hours === of && known.toMs >= endMs(of)) return false;
    const failed = failedAtMs.get(hostId);
    return !asking.has(hostId) && (failed === undefined || needs.now() - failed >= failedMs);
  }

  async function ask(client: Pick<RouteClient, "call">, hostId: HostId, of: HeatHours): Promise<void> {
    const asked = age;
    const toMs = endMs(of);
    try {
      const query = { from: toMs - of * 3_600_000, to: toMs, step: heatStepS[of] };
      const { stepS, ...metrics } = await client.call("getHostMetrics", { params: { host: hostId }, query });
      if (asked !== age || of !== hours) return;
      kept.delete(hostId);
      kept.set(hostId, { hours: of, toMs, stepMs: (stepS ?? heatStepS[of]) * 1_000, metrics });
      failedAtMs.delete(hostId);
      for (const [oldest] of kept) if (kept.size > mostKept) kept.delete(oldest);
    } catch {
      // Why, the contact says; the row says that it was not read.
      if (asked === age) failedAtMs.set(hostId, needs.now());
    }
  }

  function look(): void {
    const client = hours === null ? null : needs.client();
    if (hours === null || client === null) return;
    for (const hostId of hostIds) {
      if (asking.size >= atOnce) return;
      if (!isDue(hostId, hours)) continue;
      asking.add(hostId);
      void ask(client, hostId, hours).then(() => {
        asking.delete(hostId);
        needs.onChange();
        look();
      });
    }
  }

  function stateOf(hostId: HostId, of: HeatHours): Heat["hosts"][number]["state"] {
    if (kept.get(hostId)?.hours === of) return "read";
    if (failedAtMs.has(hostId) && !asking.has(hostId)) return "failed";
    return needs.client() === null ? "away" : "loading";
  }

  return {
    span(next) {
      hours = next;
      look();
    },
    inSight(next) {
      hostIds = next.slice(0, mostInSight);
      look();
    },
    look,
    forget() {
      age += 1;
      kept.clear();
      failedAtMs.clear();
    },
    shown() {
      if (hours === null) return null;
      const of = hours;
      const fromMs = endMs(of) - of * 3_600_000;
      const hosts = hostIds.map((hostId) => {
        const known = kept.get(hostId);
        const gpus = known?.hours === of ? gpuColumns(known, fromMs, of) : [];
        return { hostId, state: stateOf(hostId, of), gpus };
      });
      return { hours: of, stepS: heatStepS[of], fromMs, hosts };
    },
  };
}

/** Each GPU's utilisation in the columns from a time on; steps that are longer than a column fill several. */
function gpuColumns(
  { metrics, stepMs }: Kept,
  fromMs: number,
  hours: HeatHours,
): Heat["hosts"][number]["gpus"] {
  const columnMs = heatStepS[hours] * 1_000;
  const count = (hours * 3_600_000) / columnMs;
  const each = Math.max(1, Math.round(stepMs / columnMs));
  return metrics.gpus.map(({ uuid, utilizationPct }) => {
    const pct: (number | null)[] = Array.from({ length: count }, () => null);
    for (const [at, value] of utilizationPct.entries()) {
      const first = Math.floor(((metrics.atMs[at] ?? 0) - fromMs) / columnMs);
      for (let column = Math.max(0, first); column < Math.min(count, first + each); column += 1)
        pct[column] = value === null ? null : Math.round(value);
    }
    return { uuid, pct };
  });
}
