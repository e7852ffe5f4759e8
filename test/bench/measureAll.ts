import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LabHost } from "../lab/labHost.ts";
import { startLab } from "../lab/startLab.ts";
import type { RoundLimits } from "./alternate.ts";
import type { BenchReport, Figure } from "./benchReport.ts";
import { startBenchService, type BenchService } from "./benchService.ts";
import { dispatchFigure } from "./dispatchFigure.ts";
import { execFigure } from "./execFigure.ts";
import { ledgerFigure } from "./ledgerFigure.ts";
import { createLifetimes } from "./lifetimes.ts";
import { logFigure } from "./logFigure.ts";
import { startSshMaster, type SshMaster } from "./sshMaster.ts";

/** What to measure. */
export interface MeasureOptions {
  /** Folder for everything the bench writes. */
  dir: string;
  quick: boolean;
  /** Ids of figures; null for all. */
  only: readonly string[] | null;
  say: (line: string) => void;
}

interface Bench {
  dir: string;
  host: LabHost;
  service: BenchService;
  master: SshMaster;
}

interface Plan {
  id: string;
  measure: (bench: Bench, quick: boolean) => Promise<Figure>;
}

const plans: readonly Plan[] = [
  { id: "warm-dispatch", measure: (bench, quick) => dispatchFigure(bench, limitsOf(quick, 50, 8, 50_000)) },
  { id: "held-exec", measure: (bench, quick) => execFigure(bench, limitsOf(quick, 300, 30, 20_000)) },
  {
    id: "ledger-append",
    measure: ({ dir }, quick) => ledgerFigure(newFolder(dir, "ledger"), limitsOf(quick, 3_000, 300, 25_000)),
  },
  {
    id: "log-throughput",
    measure: (bench, quick) =>
      logFigure({ ...bench, logMebibytes: quick ? 50 : 200 }, limitsOf(quick, 6, 2, 60_000)),
  },
];

/** Starts what is needed, measures figure after figure, and ends all of it. A figure that fails is reported as such. */
export async function measureAll(
  options: MeasureOptions,
): Promise<Pick<BenchReport, "figures" | "failures">> {
  const { quick, only, say } = options;
  const lifetimes = createLifetimes();
  const figures: Figure[] = [];
  const failures: BenchReport["failures"] = [];
  const stop = (): void => void lifetimes.end().finally(() => process.exit(130));
  for (const signal of signals) process.once(signal, stop);
  try {
    const bench = await startBench(options.dir, lifetimes);
    for (const { id, measure } of plans.filter((plan) => only?.includes(plan.id) ?? true)) {
      say(`measuring ${id} …`);
      try {
        figures.push(await measure(bench, quick));
      } catch (error) {
        failures.push({ id, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    return { figures, failures };
  } finally {
    await lifetimes.end();
    for (const signal of signals) process.off(signal, stop);
  }
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function startBench(dir: string, lifetimes: ReturnType<typeof createLifetimes>): Promise<Bench> {
  const lab = lifetimes.own(
    await startLab({ dir: newFolder(dir, "lab"), hosts: [{ name: "bench-box" }] }),
    (started) => started.stop(),
  );
  const host = lab.host("bench-box");
  const service = lifetimes.own(await startBenchService(join(dir, "home"), host), (started) => started.end());
  const master = lifetimes.own(await startSshMaster(host, dir), (started) => started.end());
  return { dir, host, service, master };
}

function limitsOf(quick: boolean, full: number, few: number, budgetMs: number): RoundLimits {
  const max = quick ? few : full;
  return {
    warmUp: Math.min(3, Math.ceil(max / 5)),
    min: Math.min(2, max),
    max,
    budgetMs: quick ? budgetMs / 8 : budgetMs,
  };
}

function newFolder(dir: string, name: string): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  return folder;
}
