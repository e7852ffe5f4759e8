import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { runCommand } from "../lab/runCommand.ts";
import { startBoundChild, type Child } from "./childProcess.ts";
import type { Lifetimes } from "./lifetimes.ts";

/** A Slurm of its own on loopback: munged, slurmctld and one slurmd. */
export interface Slurm {
  /** Arguments that run a script as a job and print its output. */
  srun(script: string): string[];
  env: NodeJS.ProcessEnv;
}

const startLimitMs = 15_000;
const pollMs = 100;

/** Starts the three daemons, as processes of ours with all their files in `dir`. Rejects with the reason. */
export async function startSlurm(dir: string, lifetimes: Lifetimes): Promise<Slurm> {
  const config = join(dir, "slurm.conf");
  const env = { ...process.env, SLURM_CONF: config, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  const daemon = (argv: string[]): Child =>
    lifetimes.own(startBoundChild(argv, { env }), (child) => child.end());
  for (const folder of [dir, join(dir, "state"), join(dir, "spool")]) await mkdir(folder, { mode: 0o755 });
  await writeFile(config, configText(dir, await freePort(), await freePort()));
  await writeFile(join(dir, "key"), randomBytes(1_024), { mode: 0o400 });
  const munged = daemon(["munged", "--foreground", "--force", ...mungeFiles(dir)]);
  await until(
    async () => (await runCommand(["munge", "-n", "-S", join(dir, "munge.sock")])).code === 0,
    [munged],
  );
  const daemons = [
    munged,
    daemon(["slurmctld", "-D", "-f", config]),
    daemon(["slurmd", "-D", "-f", config, "-N", nodeName()]),
  ];
  const idle = async (): Promise<boolean> =>
    (await runCommand(["sinfo", "-h", "-o", "%t"], { env })).stdout.trim() === "idle";
  await until(idle, daemons);
  return { srun: (script) => ["srun", "--quiet", "-n1", "sh", script], env };
}

function mungeFiles(dir: string): string[] {
  return [
    `--key-file=${join(dir, "key")}`,
    `--socket=${join(dir, "munge.sock")}`,
    `--pid-file=${join(dir, "munged.pid")}`,
    `--log-file=${join(dir, "munged.log")}`,
    `--seed-file=${join(dir, "munged.seed")}`,
  ];
}

/** The quickest plain set-up: no accounting, no cgroups, and more places than jobs so that none waits for the last. */
function configText(dir: string, controlPort: number, nodePort: number): string {
  const user = userInfo().username;
  return [
    "ClusterName=bench",
    `SlurmctldHost=${nodeName()}(127.0.0.1)`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    "AuthType=auth/munge",
    `AuthInfo=socket=${join(dir, "munge.sock")}`,
    "CredType=cred/munge",
    `SlurmctldPort=${controlPort}`,
    `SlurmdPort=${nodePort}`,
    `StateSaveLocation=${join(dir, "state")}`,
    `SlurmdSpoolDir=${join(dir, "spool")}`,
    `SlurmctldPidFile=${join(dir, "slurmctld.pid")}`,
    `SlurmdPidFile=${join(dir, "slurmd.pid")}`,
    `SlurmctldLogFile=${join(dir, "slurmctld.log")}`,
    `SlurmdLogFile=${join(dir, "slurmd.log")}`,
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "MpiDefault=none",
    "JobAcctGatherType=jobacct_gather/none",
    "AccountingStorageType=accounting_storage/none",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_CPU",
    "SlurmdParameters=config_overrides",
    "ReturnToService=2",
    `NodeName=${nodeName()} NodeAddr=127.0.0.1 CPUs=64 State=UNKNOWN`,
    "PartitionName=bench Nodes=ALL Default=YES MaxTime=1:00 State=UP",
    "",
  ].join("\n");
}

function nodeName(): string {
  return hostname().split(".", 1)[0] ?? "localhost";
}

async function until(ready: () => Promise<boolean>, daemons: readonly Child[]): Promise<void> {
  const endMs = performance.now() + startLimitMs;
  while (!(await ready().catch(() => false))) {
    for (const { process: child, ended } of daemons)
      if (child.exitCode !== null)
        throw new Error(`${child.spawnfile} ended: ${(await ended).stderr.trim()}`);
    if (performance.now() > endMs) throw new Error(`Slurm was not ready within ${startLimitMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(0, "127.0.0.1", done);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
