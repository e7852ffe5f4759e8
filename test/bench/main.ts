import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureSystemPackages, benchPackages, labPackages } from "../../scripts/systemPackages.mjs";
import { createLifetimes } from "./lifetimes.ts";
import { fileSystemOf, machineFacts } from "./machineFacts.ts";
import { figureIds, measureAll } from "./measureAll.ts";
import { reportText } from "./reportText.ts";
import { vsixFigure } from "./vsixFigure.ts";
import type { BenchReport } from "./benchReport.ts";

const usage = "usage: npm run bench -- [--quick] [--json] [--only FIGURE]…\n";
const root = fileURLToPath(new URL("../..", import.meta.url));
const results = join(root, "test-results");

/** `npm run bench`: measures, writes test-results/bench.json and a table. Exit code 1 when a figure has no numbers. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
    },
  });
  const unknown = values.only?.find((id) => !figureIds.includes(id));
  if (unknown !== undefined) throw new RangeError(`no figure ${unknown}; there are ${figureIds.join(", ")}`);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  await preparePackages(say);
  mkdirSync(results, { recursive: true });
  const lifetimes = createLifetimes();
  const stop = (): void => void lifetimes.end().finally(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  const dir = lifetimes.own(mkdtempSync(join(diskFolder(), "hwl-bench-")), (folder) =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  );
  lifetimes.own(
    setInterval(() => undefined, 1_000_000),
    clearInterval,
  ); // the lab alone does not keep a process alive
  const startedAtMs = Date.now();
  try {
    const machine = await machineFacts(dir);
    const { quick, only } = values;
    const measured = await measureAll({ dir, quick, only: only ?? null, say }, lifetimes);
    const vsix = vsixFigure(join(root, "dist"));
    const tookMs = Date.now() - startedAtMs;
    return writeReport({ schema: 1, startedAtMs, tookMs, quick, machine, ...measured, vsix }, values.json);
  } finally {
    await lifetimes.end();
  }
}

function writeReport(report: BenchReport, asJson: boolean): number {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  writeFileSync(join(results, "bench.json"), json);
  process.stdout.write(asJson ? json : reportText(report));
  if (asJson) process.stderr.write(reportText(report));
  return report.failures.length === 0 ? 0 : 1;
}

/** The lab's packages are needed; without Slurm its counterpart is reported as unavailable. */
async function preparePackages(say: (line: string) => void): Promise<void> {
  await ensureSystemPackages(labPackages);
  await ensureSystemPackages(benchPackages).catch((error: unknown) => say((error as Error).message));
}

/** A short path on a real disk: a commit that is durable costs nothing in memory. */
function diskFolder(): string {
  return [tmpdir(), "/var/tmp"].find((folder) => fileSystemOf(folder) !== "tmpfs") ?? results;
}

try {
  process.exitCode = await main();
} catch (error) {
  const wrongUse = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") ?? false;
  process.stderr.write(
    wrongUse ? usage : `${error instanceof Error ? (error.stack ?? "") : String(error)}\n`,
  );
  process.exitCode = wrongUse ? 2 : 1;
}
