import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LabHost } from "../lab/labHost.ts";
import { startLab } from "../lab/startLab.ts";
import { activationFigure } from "./activationFigure.ts";
import { agentsFigure } from "./agentsFigure.ts";
import type { RoundLimits } from "./alternate.ts";
import type { BenchReport, Figure } from "./benchReport.ts";
import { startBenchService, type BenchService } from "./benchService.ts";
import { dispatchFigure } from "./dispatchFigure.ts";
import { execFigure } from "./execFigure.ts";
import { handshakeFigure } from "./handshakeFigure.ts";
import { idleConnectionFigure } from "./idleConnectionFigure.ts";
import { ledgerFigure } from "./ledgerFigure.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { logFigure } from "./logFigure.ts";
import { pixelFigure } from "./pixelFigure.ts";
import { startSlurm, type Slurm } from "./slurm.ts";
import { startSshMaster, type SshMaster } from "./sshMaster.ts";
import { treeFigure } from "./treeFigure.ts";

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
  measure: (
    dir: string,
    limits: LimitsOf,
    bench: () => Promise<Bench>,
    lifetimes: Lifetimes,
  ) => Promise<Figure>;
}

const plans: readonly Plan[] = [
  {
    id: "warm-dispatch",
    measure: async (dir, limits, bench, lifetimes) =>
      dispatchFigure({ ...(await bench()), slurm: await slurmOf(dir, lifetimes) }, limits(50, 8, 45_000)),
  },
  {
    id: "held-exec",
    measure: async (_dir, limits, bench) => execFigure(await bench(), limits(300, 30, 20_000)),
  },
  {
    id: "ledger-append",
    measure: (dir, limits) => ledgerFigure(newFolder(dir, "ledger"), limits(3_000, 300, 20_000)),
  },
  {
    id: "log-throughput",
    async measure(_dir, limits, bench) {
      const chosen = limits(6, 2, 45_000);
      return logFigure({ ...(await bench()), logMebibytes: chosen.max > 2 ? 200 : 32 }, chosen);
    },
  },
  {
    id: "handshakes",
    measure: (dir, limits, _bench, lifetimes) =>
      handshakeFigure(newFolder(dir, "handshakes"), limits(60, 6, 20_000), lifetimes),
  },
  {
    id: "idle-connection",
    measure: (dir, limits) => idleConnectionFigure(newFolder(dir, "idle"), limits(3, 1, 45_000)),
  },
  { id: "tree-100", measure: (_dir, limits) => treeFigure(100, limits(500, 50, 5_000)) },
  { id: "tree-1000", measure: (_dir, limits) => treeFigure(1_000, limits(200, 20, 8_000)) },
  {
    id: "agents",
    measure(dir, limits, _bench, lifetimes) {
      const isFull = limits(2, 1, 60_000).max > 1;
      const size = isFull ? { agents: 1_000, seconds: 20 } : { agents: 100, seconds: 4 };
      return agentsFigure(newFolder(dir, "agents"), size, lifetimes);
    },
  },
  {
    id: "activation",
    measure: (dir, limits, _bench, lifetimes) =>
      activationFigure(newFolder(dir, "activation"), limits(8, 1, 150_000), lifetimes),
  },
  {
    id: "reading-to-pixel",
    measure: (_dir, limits, _bench, lifetimes) => pixelFigure(limits(40, 4, 45_000), lifetimes),
  },
];

/** Measures figure after figure, starting what they need. A figure that fails is reported as such. */
export async function measureAll(
  options: MeasureOptions,
  lifetimes: Lifetimes,
): Promise<Pick<BenchReport, "figures" | "failures">> {
  const { dir, quick, only, say } = options;
  const figures: Figure[] = [];
  const failures: BenchReport["failures"] = [];
  const limits = limitsOf(quick);
  let started: Promise<Bench> | null = null;
  const bench = (): Promise<Bench> => (started ??= startBench(dir, lifetimes));
  for (const { id, measure } of plans.filter((plan) => only?.includes(plan.id) ?? true)) {
    say(`measuring ${id} …`);
    try {
      figures.push(await measure(dir, limits, bench, lifetimes));
    } catch (error) {
      failures.push({ id, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { figures, failures };
}

/** Time after which a run only takes what it must. */
const fullMs = 320_000;
const quickMs = 25_000;

async function startBench(dir: string, lifetimes: Lifetimes): Promise<Bench> {
  const lab = lifetimes.own(
    await startLab({ dir: newFolder(dir, "lab"), hosts: [{ name: "bench-box" }] }),
    (started) => started.stop(),
  );
  const host = lab.host("bench-box");
  const service = lifetimes.own(await startBenchService(join(dir, "home"), host), (started) => started.end());
  const master = lifetimes.own(await startSshMaster(host, dir), (started) => started.end());
  return { dir, host, service, master };
}

/** Slurm, or why there is none here. */
function slurmOf(dir: string, lifetimes: Lifetimes): Promise<Slurm | Error> {
  return startSlurm(join(dir, "slurm"), lifetimes).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
}

/** Rounds of a figure in a full run and in a quick one, and what time they may take in a full one. */
type LimitsOf = (full: number, few: number, budgetMs: number) => RoundLimits;

function limitsOf(quick: boolean): LimitsOf {
  const deadlineMs = performance.now() + (quick ? quickMs : fullMs);
  return (full, few, budgetMs) => {
    const max = quick ? few : full;
    const warmUp = Math.min(3, Math.ceil(max / 8));
    return { warmUp, min: Math.min(2, max), max, budgetMs: quick ? budgetMs / 8 : budgetMs, deadlineMs };
  };
}

function newFolder(dir: string, name: string): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  return folder;
}

/** Ids of the figures, for `--only`. */
export const figureIds: readonly string[] = plans.map(({ id }) => id);
