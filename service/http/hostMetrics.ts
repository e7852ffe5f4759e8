import type { HostId } from "../../protocol/ids.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import type { HandlerNeeds } from "./createHandlers.ts";

/** What a host did: as it was read in the last minutes, or in steps over months. */
export async function hostMetrics(
  { history, rollUps }: Pick<HandlerNeeds, "history" | "rollUps">,
  hostId: HostId,
  { from, to, step }: { from?: number | undefined; to?: number | undefined; step?: number | undefined },
): Promise<RouteAnswer<"getHostMetrics">> {
  if (step === undefined)
    return { ...history.between(hostId, from ?? 0, to ?? Number.MAX_SAFE_INTEGER), stepS: null };
  const query = { fromMs: from ?? null, toMs: to ?? null, stepMs: step * 1_000 };
  const { stepMs, metrics } = await rollUps.between(hostId, query);
  return { ...metrics, stepS: stepMs / 1_000 };
}
