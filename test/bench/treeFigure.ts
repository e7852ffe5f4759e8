import { changedRows } from "../../extension/core/changedRows.ts";
import { createRowFeed } from "../../extension/core/createRowFeed.ts";
import {
  unknownFleet,
  withFleetData,
  withReading,
  type FleetState,
} from "../../extension/core/fleetState.ts";
import type { TreeRow } from "../../extension/core/treeRow.ts";
import { treeRows } from "../../extension/core/treeRows.ts";
import type { HostId } from "../../protocol/ids.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";
import { alternate, type Contender, type RoundLimits } from "./alternate.ts";
import type { Counterpart, Figure, Measured } from "./benchReport.ts";
import { ratiosOf } from "./compare.ts";
import { rounded, summarize } from "./summary.ts";

const names = { ours: "hwledger's rows that changed", whole: "every row anew, as JSON" };
const gpusPerHost = 4;
const live = { kind: "live" } as const;
/** The feed draws no more often than that; its clock is ours here. */
const tickMs = 1_000;

/** One new reading of one host in a fleet of that many, to the rows that the tree is told to draw. */
export async function treeFigure(hostCount: number, limits: RoundLimits): Promise<Figure> {
  const timesMs = await alternate([feedContender(hostCount), wholeContender(hostCount)], limits);
  const ours = measured(names.ours, timesMs);
  const counterparts: Counterpart[] = [{ kind: "measured", ...measured(names.whole, timesMs) }];
  return {
    id: `tree-${hostCount}`,
    title: `Hosts view, ${hostCount} hosts of ${gpusPerHost} GPUs: from a reading to the rows to draw`,
    unit: "updates",
    ours: [ours],
    counterparts,
    ratios: ratiosOf(ours, counterparts),
    targets: [],
  };
}

/** As the view does it: the new state, all rows, what changed among them, and the look of only these. */
function feedContender(hostCount: number): Contender {
  let nowMs = 0;
  let fleet = fleetOf(hostCount);
  let told: readonly string[] = [];
  const feed = createRowFeed({
    rows: () => treeRows(fleet, live, nowMs),
    onChange: (change) => (told = change.kind === "rows" ? change.ids : []),
    now: () => nowMs,
    after: () => () => undefined,
  });
  feed.setVisible(true);
  let round = 0;
  return {
    name: names.ours,
    run() {
      round += 1;
      nowMs += tickMs;
      const reading = readingOf(round % hostCount, round);
      const startMs = performance.now();
      fleet = withReading(fleet, reading);
      feed.touch();
      JSON.stringify(feed.drawn.filter(({ id }) => told.includes(id)));
      const tookMs = performance.now() - startMs;
      if (told.length !== gpusPerHost) throw new Error(`${told.length} rows changed, not ${gpusPerHost}`);
      return tookMs;
    },
  };
}

/** What a view without that would do: make all rows and hand all of them over. */
function wholeContender(hostCount: number): Contender {
  let fleet = fleetOf(hostCount);
  let rows: TreeRow[] = treeRows(fleet, live, 0);
  let round = 0;
  return {
    name: names.whole,
    run() {
      round += 1;
      const reading = readingOf(round % hostCount, round);
      const startMs = performance.now();
      fleet = withReading(fleet, reading);
      const next = treeRows(fleet, live, 0);
      JSON.stringify(next);
      const tookMs = performance.now() - startMs;
      if (changedRows(rows, next).kind !== "rows") throw new Error("nothing changed");
      rows = next;
      return tookMs;
    },
  };
}

function fleetOf(hostCount: number): FleetState {
  const hosts = Array.from({ length: hostCount }, (_, at) =>
    aHost({ id: idOf(at), name: `box-${at}`, reading: readingOf(at, 0) }),
  );
  const data = { kind: "fleet" as const, hosts, jobs: [], removedHostIds: [] };
  return withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
}

function readingOf(at: number, round: number) {
  const gpus = Array.from({ length: gpusPerHost }, (_, index) =>
    aGpu({ uuid: `GPU-${at}-${index}`, index, temperatureC: { value: 20 + (round % 997) } }),
  );
  return aReading({ hostId: idOf(at), atMs: 1_000 + round, gpus });
}

function idOf(at: number): HostId {
  return `h-${at.toString(16).padStart(16, "0")}` as HostId;
}

function measured(name: string, timesMs: Map<string, number[]>): Measured {
  const summary = summarize(timesMs.get(name) ?? []);
  return { name, ...summary, perSecond: rounded(1_000 / summary.meanMs) };
}
