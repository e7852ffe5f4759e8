import type { RouteClient } from "../../../protocol/client/routeClient.ts";
import type { HostMetrics } from "../../../protocol/hostMetrics.ts";
import { seriesAgeMs } from "../../../protocol/hostSeries.ts";
import type { HostId } from "../../../protocol/ids.ts";
import { pastSpan, type ChartMinutes, type ChartZoom, type HostPanelModel } from "./hostSchema.ts";
import { pastStepS } from "./pastStep.ts";

/** What is read goes on while it is looked at; it is asked for again after so long. */
const againMs = 60_000;

/** What a host's past needs of the world. */
export interface HostPastNeeds {
  /** Who is asked; null while nobody looks, and without contact. */
  client: () => Pick<RouteClient, "call"> | null;
  now: () => number;
  /** The service's clock, as well as it is known. */
  serviceNowMs: () => number;
  /** An answer has come, or none. */
  onChange: () => void;
}

/** What of a host's past is shown. */
export interface ShownPast {
  past: NonNullable<HostPanelModel["past"]>;
  metrics: HostMetrics;
}

/** Hours to months of a host, as the service has kept them; asked for while somebody looks, one request at a time. */
export interface HostPast {
  /** Another span was chosen. */
  span(minutes: ChartMinutes): void;
  /** What is shown stays as it is; a part that was zoomed in on is asked for in finer steps where there are some. */
  hold(isHeld: boolean, zoom: ChartZoom): void;
  /** Asks at once for what could not be read. */
  retry(): void;
  /** Asks for what is due, if anything is. */
  look(): void;
  /** Null while the span chosen is live. */
  shown(): ShownPast | null;
}

interface Question {
  key: string;
  fromMs: number;
  toMs: number;
  stepS: number | null;
}
interface Kept extends Question {
  metrics: HostMetrics;
  askedAtMs: number;
}

const noMetrics: HostMetrics = { atMs: [], cpuPct: [], memoryUsedBytes: [], gpus: [] };

/** Starts live, and asks for nothing. */
export function createHostPast(hostId: HostId, needs: HostPastNeeds): HostPast {
  /** By span. */
  const wholes = new Map<string, Kept>();
  let part: Kept | null = null;
  let minutes: ChartMinutes = 5;
  let isHeld = false;
  let zoom: ChartZoom = null;
  let failed: { key: string; atMs: number } | null = null;
  let isAsking = false;

  function whole(): Question | null {
    const span = pastSpan(minutes);
    if (span === null) return null;
    const toMs = needs.serviceNowMs();
    return { key: String(span), fromMs: toMs - span * 60_000, toMs, stepS: pastStepS(span * 60_000) };
  }

  /** What was zoomed in on, where the service has finer steps of it than are known. */
  function zoomed(known: Kept): Question | null {
    if (zoom === null) return null;
    const [fromMs, toMs] = [Math.floor(zoom.fromS * 1_000), Math.ceil(zoom.toS * 1_000)];
    const isRecent = fromMs > needs.serviceNowMs() - seriesAgeMs;
    const stepS = isRecent ? null : pastStepS(toMs - fromMs);
    if (known.stepS === null || (stepS ?? 0) >= known.stepS) return null;
    return { key: `${known.key} ${fromMs} ${toMs}`, fromMs, toMs, stepS };
  }

  /** What is wanted and not there, or not new any more. */
  function wanted(): Question | null {
    const question = whole();
    if (question === null) return null;
    const known = wholes.get(question.key);
    if (known === undefined) return question;
    const finer = zoomed(known);
    if (finer !== null) return part?.key === finer.key ? null : finer;
    const isOld = needs.now() - known.askedAtMs >= againMs;
    return !isHeld && zoom === null && isOld ? question : null;
  }

  function due(): Question | null {
    const question = wanted();
    const sinceMs = failed !== null && failed.key === question?.key ? needs.now() - failed.atMs : againMs;
    return sinceMs >= againMs ? question : null;
  }

  async function ask(
    client: Pick<RouteClient, "call">,
    { key, fromMs, toMs, stepS }: Question,
  ): Promise<void> {
    const query = { from: Math.max(0, Math.floor(fromMs)), to: Math.max(0, Math.floor(toMs)) };
    const isWhole = key === whole()?.key;
    try {
      const { stepS: step, ...metrics } = await client.call("getHostMetrics", {
        params: { host: hostId },
        query: stepS === null ? query : { ...query, step: stepS },
      });
      const kept = { key, fromMs, toMs, stepS: step, metrics, askedAtMs: needs.now() };
      if (isWhole) wholes.set(key, kept);
      else part = kept;
      failed = null;
    } catch {
      // Why, the contact says; the panel says that it was not read.
      failed = { key, atMs: needs.now() };
    }
  }

  function look(): void {
    const question = isAsking ? null : due();
    const client = question && needs.client();
    if (!question || !client) return;
    isAsking = true;
    void ask(client, question).then(() => {
      isAsking = false;
      needs.onChange();
      look();
    });
  }

  return {
    span(next) {
      minutes = next;
      zoom = null;
      look();
    },
    hold(nextHeld, nextZoom) {
      isHeld = nextHeld;
      zoom = nextZoom;
      look();
    },
    retry() {
      failed = null;
      look();
    },
    look,
    shown() {
      const question = whole();
      if (question === null) return null;
      const known = wholes.get(question.key);
      const finer = known && zoomed(known);
      const shown = finer && part?.key === finer.key ? part : known;
      const open = wanted();
      const isMissing = open !== null && (known === undefined || finer !== null);
      const why = needs.client() === null ? "away" : "loading";
      const state = open !== null && failed?.key === open.key ? "failed" : isMissing ? why : "read";
      const { fromMs, toMs } = known ?? question;
      return {
        past: { fromMs, toMs, stepS: shown?.stepS ?? null, state },
        metrics: shown?.metrics ?? noMetrics,
      };
    },
  };
}
