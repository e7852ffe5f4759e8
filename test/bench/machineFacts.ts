import { readFileSync, statfsSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import Database from "better-sqlite3";
import { runCommand } from "../lab/runCommand.ts";
import { rounded } from "./summary.ts";

/** What the figures depend on; nothing that names a machine, a person or a folder. */
export interface MachineFacts {
  cores: number;
  cpuModel: string;
  memoryBytes: number;
  platform: string;
  kernel: string;
  distribution: string;
  /** Mean of runnable processes over the last minute, before the first figure. */
  loadBefore: number;
  /** File system under the databases and logs. */
  fileSystem: string;
  node: string;
  sqlite: string;
  openSsh: string;
  slurm: string;
}

const fileSystems: Record<number, string> = {
  0xef53: "ext2/3/4",
  0x5846_5342: "xfs",
  0x9123_683e: "btrfs",
  0x794c_7630: "overlayfs",
  0x0102_1994: "tmpfs",
  0x2fc1_2fc1: "zfs",
};

/** Reads the facts; a program that is not there is said to be so. */
export async function machineFacts(directory: string): Promise<MachineFacts> {
  const [first] = cpus();
  return {
    cores: cpus().length,
    cpuModel: first?.model ?? "unknown",
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    distribution: distribution(),
    loadBefore: rounded(loadavg()[0] ?? 0),
    fileSystem: fileSystemOf(directory),
    node: process.version,
    sqlite: sqliteVersion(),
    openSsh: await versionOf(["ssh", "-V"]),
    slurm: await versionOf(["slurmd", "-V"]),
  };
}

/** Kind of the file system under a folder. */
export function fileSystemOf(directory: string): string {
  const { type } = statfsSync(directory);
  return fileSystems[type] ?? `0x${type.toString(16)}`;
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown";
  } catch {
    return "unknown";
  }
}

function sqliteVersion(): string {
  const db = new Database(":memory:");
  const version = db.prepare("SELECT sqlite_version()").pluck().get() as string;
  db.close();
  return version;
}

async function versionOf(argv: string[]): Promise<string> {
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  const { stdout, stderr } = await runCommand(argv, { env }).catch(() => ({
    stdout: "",
    stderr: "not there",
  }));
  return (stdout || stderr).trim().split("\n", 1)[0] ?? "unknown";
}
