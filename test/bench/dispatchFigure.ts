import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { defaultSpareTiming } from "../../service/ssh/createSpareShells.ts";
import type { LabHost } from "../lab/labHost.ts";
import { alternate, type Contender, type RoundLimits } from "./alternate.ts";
import type { BenchService } from "./benchService.ts";
import type { Counterpart, Figure } from "./benchReport.ts";
import { p50Target, ratiosOf, ratioTarget } from "./compare.ts";
import { dispatchScript, followJob } from "./dispatchedJob.ts";
import { shellTar } from "./shellTar.ts";
import type { Slurm } from "./slurm.ts";
import type { SshMaster } from "./sshMaster.ts";
import { summarize } from "./summary.ts";
import { timedRun } from "./timedRun.ts";

/** Enough for the shells that are opened ahead after a dispatch; a person takes longer between two. */
const aheadMs = 2 * defaultSpareTiming.pauseMs;

const script = "echo hi\n";
const printed = "hi\n";

const names = {
  ours: "hwledger",
  answered: "hwledger: until the service took the job",
  ended: "hwledger: until the job's end was known",
  cold: "ssh, cold",
  master: "ssh, ControlMaster",
  srun: "srun",
};

/** From the request to the first byte of a trivial script's output, by every way there is. */
export async function dispatchFigure(
  needs: { service: BenchService; host: LabHost; master: SshMaster; slurm: Slurm | Error; dir: string },
  limits: RoundLimits,
): Promise<Figure> {
  const { service, host, master, slurm, dir } = needs;
  const file = join(dir, "main.sh");
  await writeFile(file, script, { mode: 0o755 });
  const parts = { answered: [] as number[], ended: [] as number[] };
  const ours = await dispatchContender(service, parts);
  const others = [
    sshContender(names.cold, host.sshArgs("sh -s")),
    sshContender(names.master, master.args("sh -s")),
    ...(slurm instanceof Error ? [] : [srunContender(slurm, file)]),
  ];
  const timesMs = await alternate([ours, ...others], limits);
  return figureOf(timesMs, parts, slurm, limits.warmUp);
}

async function dispatchContender(
  service: BenchService,
  parts: { answered: number[]; ended: number[] },
): Promise<Contender> {
  const tar = await shellTar(script);
  return {
    name: names.ours,
    async run() {
      const startMs = performance.now();
      let firstByteMs = NaN;
      let text = "";
      const job = await dispatchScript(service, tar);
      parts.answered.push(performance.now() - startMs);
      await followJob(service, job.id, (bytes) => {
        if (text === "") firstByteMs = performance.now() - startMs;
        text += Buffer.from(bytes).toString();
      });
      parts.ended.push(performance.now() - startMs);
      if (text !== printed) throw new Error(`the job printed ${JSON.stringify(text)}`);
      // The service opens shells ahead now: not at the cost of whoever is next.
      await delay(aheadMs);
      return firstByteMs;
    },
  };
}

function sshContender(name: string, args: string[]): Contender {
  const command = { argv: ["ssh", ...args], input: script, expected: printed };
  return { name, run: async () => (await timedRun(command)).firstByteMs };
}

function srunContender(slurm: Slurm, file: string): Contender {
  const command = { argv: slurm.srun(file), env: slurm.env, expected: printed };
  return { name: names.srun, run: async () => (await timedRun(command)).firstByteMs };
}

function figureOf(
  timesMs: Map<string, number[]>,
  parts: { answered: number[]; ended: number[] },
  slurm: Slurm | Error,
  warmUp: number,
): Figure {
  const measured = (name: string) => ({ name, ...summarize(timesMs.get(name) ?? []) });
  const ours = measured(names.ours);
  const counterparts: Counterpart[] = [
    { kind: "measured", ...measured(names.cold) },
    { kind: "measured", ...measured(names.master) },
    slurm instanceof Error
      ? { kind: "unavailable", name: names.srun, reason: slurm.message }
      : { kind: "measured", ...measured(names.srun) },
  ];
  const ratios = ratiosOf(ours, counterparts);
  return {
    id: "warm-dispatch",
    title: "Warm dispatch of `echo hi`: request to first byte of output at the client",
    ours: [ours],
    counterparts,
    ratios,
    targets: [
      p50Target(ours, 60),
      ratioTarget(ratios, { to: names.cold, of: "p50", op: "at most", limit: 0.333 }),
    ],
    parts: [
      { name: names.answered, ...summarize(parts.answered.slice(warmUp)) },
      { name: names.ended, ...summarize(parts.ended.slice(warmUp)) },
    ],
  };
}
