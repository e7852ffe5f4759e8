import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildIfStale } from "../../scripts/build.mjs";
import type { Editor } from "../support/editor/editor.ts";
import { startEditor } from "../support/editor/startEditor.ts";
import type { RoundLimits } from "./alternate.ts";
import type { Counterpart, Figure } from "./benchReport.ts";
import { p50Target, ratiosOf } from "./compare.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { nothingId, packProbe, type ProbedHost } from "./probeExtension.ts";
import { summarize } from "./summary.ts";

const ourId = "hwledger.hwledger-fleet";
const names = {
  ours: "hwledger",
  wired: "hwledger: until all of it was loaded, behind that",
  nothing: "an extension that does nothing",
  with: "extension host with hwledger",
  without: "extension host without it",
};
const limitMs = 50;
const probeLimitMs = 60_000;

interface ProbedEditor {
  /** A new extension host, and what the probe in it found. */
  probe(): Promise<ProbedHost>;
}

/** In the real editor: how long our extension takes to become active, and what its host's process then weighs. */
export async function activationFigure(
  dir: string,
  limits: RoundLimits,
  lifetimes: Lifetimes,
): Promise<Figure> {
  const vsixes = await packProbe(dir);
  const withOurs = await probedEditor(join(dir, "with"), [...vsixes, buildIfStale()], lifetimes);
  const without = await probedEditor(join(dir, "without"), vsixes, lifetimes);
  const times = { ours: [] as number[], wired: [] as number[], nothing: [] as number[] };
  const bytes = { with: [] as number[], without: [] as number[] };
  const startMs = performance.now();
  for (let round = 0; round < limits.warmUp + limits.max; round += 1) {
    const nowMs = performance.now();
    const isEnough = round - limits.warmUp >= limits.min;
    if (isEnough && (nowMs - startMs > limits.budgetMs || nowMs > limits.deadlineMs)) break;
    const found = await withOurs.probe();
    const bare = await without.probe();
    if (round < limits.warmUp) continue;
    times.ours.push(found.activatedMs[ourId] ?? NaN);
    times.wired.push(found.wiredMs[ourId] ?? NaN);
    times.nothing.push(found.activatedMs[nothingId] ?? NaN);
    bytes.with.push(found.rssBytes);
    bytes.without.push(bare.rssBytes);
  }
  return figureOf(times, bytes);
}

async function probedEditor(dir: string, vsixes: string[], lifetimes: Lifetimes): Promise<ProbedEditor> {
  const file = join(dir, "probed.json");
  const [workspaceFolder, person] = [join(dir, "workspace"), join(dir, "person")];
  for (const folder of [workspaceFolder, person]) await mkdir(folder, { recursive: true });
  const env = {
    HOME: person,
    HWLEDGER_HOME: join(dir, "fleet"),
    HWLEDGER_BENCH_FILE: file,
    HWLEDGER_BENCH_EXTENSIONS: `${nothingId},${ourId}`,
  };
  const editor: Editor = lifetimes.own(
    await startEditor({ dir: join(dir, "editor"), vsixes, workspaceFolder, env }),
    (started) => started.stop(),
  );
  return {
    async probe() {
      rmSync(file, { force: true });
      await editor.reload();
      await editor.until("the probe", () => Promise.resolve(existsSync(file)), probeLimitMs);
      return JSON.parse(readFileSync(file, "utf8")) as ProbedHost;
    },
  };
}

function figureOf(
  times: { ours: number[]; wired: number[]; nothing: number[] },
  bytes: { with: number[]; without: number[] },
): Figure {
  const ours = { name: names.ours, ...summarize(times.ours) };
  const counterparts: Counterpart[] = [
    { kind: "measured", name: names.nothing, ...summarize(times.nothing) },
  ];
  return {
    id: "activation",
    title:
      "Activation in the real editor's extension host, in no fleet: from the request to active, loading included",
    ours: [ours],
    counterparts,
    ratios: ratiosOf(ours, counterparts),
    targets: [p50Target(ours, limitMs)],
    parts: [{ name: names.wired, ...summarize(times.wired) }],
    memory: [
      { name: names.with, p50Bytes: medianBytes(bytes.with) },
      { name: names.without, p50Bytes: medianBytes(bytes.without) },
    ],
  };
}

function medianBytes(all: number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;
}
