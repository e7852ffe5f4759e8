import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HostId } from "../../protocol/ids.ts";
import type { ProbeFailure } from "../../service/probe/probeParts.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { createProber, type Prober, type ProberOptions } from "../../service/probe/createProber.ts";
import type { HostShells, ShellTarget } from "../../service/ssh/hostShell.ts";
import { createLabGpuFiles, type LabGpuFiles } from "../lab/labGpuFiles.ts";
import { createLocalShells, type LocalShells } from "../support/localShells.ts";

/** A folder that stands for a host: a PATH with the lab's `nvidia-smi`, and shells that can be recognised. */
export interface ProbeSandbox {
  readonly dir: string;
  readonly shells: LocalShells;
  readonly gpuFiles: LabGpuFiles;
  /** Puts a program of the test's own in the PATH. */
  addTool(name: string, text: string): void;
  /** Command lines of the processes, of whatever parent, that stem from this sandbox. */
  processes(): string[];
  remove(): void;
}

const labFixtures = fileURLToPath(new URL("../fixtures/lab", import.meta.url));

/** `gpus`: a folder of test/fixtures/lab, or null for a host without the tool. */
export function aProbeSandbox(options: { gpus: string | null; shell?: readonly string[] }): ProbeSandbox {
  const dir = mkdtempSync(join(tmpdir(), "hwledger-probe-"));
  const dataDir = join(dir, "share/nvidia-smi");
  mkdirSync(join(dir, "bin"));
  mkdirSync(dataDir, { recursive: true });
  const addTool = (name: string, text: string) => {
    writeFileSync(join(dir, "bin", name), text);
    chmodSync(join(dir, "bin", name), 0o755);
  };
  if (options.gpus !== null) {
    for (const name of ["nvidia-smi.awk", "fields.txt"])
      copyFileSync(join(labFixtures, name), join(dataDir, name));
    cpSync(join(labFixtures, options.gpus), dataDir, { recursive: true });
    addTool("nvidia-smi", readFileSync(join(labFixtures, "nvidia-smi"), "utf8"));
  }
  const mark = `HWLEDGER_PROBE_SANDBOX=${dir}`;
  const env = { PATH: `${join(dir, "bin")}:/usr/bin:/bin`, HOME: dir, HWLEDGER_PROBE_SANDBOX: dir };
  return {
    dir,
    shells: createLocalShells({ shell: options.shell ?? ["/bin/sh"], env }),
    gpuFiles: createLabGpuFiles(dataDir),
    addTool,
    processes: () => processesWith(mark),
    remove: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function processesWith(mark: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark)) return [];
      return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`];
    } catch {
      return []; // it has ended, or is not ours
    }
  });
}

/** A prober with its readings at hand. */
export interface ProberFixture {
  prober: Prober;
  readings: HostReading[];
  failures: ProbeFailure[];
}

export function aProber(shells: HostShells, options: Partial<ProberOptions> = {}): ProberFixture {
  const readings: HostReading[] = [];
  const failures: ProbeFailure[] = [];
  const prober = createProber({
    shells,
    now: Date.now,
    onReading: (reading) => readings.push(reading),
    onFailure: (_, failure) => failures.push(failure),
    ...options,
  });
  return { prober, readings, failures };
}

export const localTarget: ShellTarget = {
  id: "h-00000000000000aa" as HostId,
  name: "here",
  connection: { kind: "local" },
};

/** Waits until a condition holds; fails with the words after the limit. */
export async function until<T>(
  what: string,
  condition: () => T | false | null | undefined,
  limitMs = 15_000,
): Promise<T> {
  const deadlineMs = Date.now() + limitMs;
  for (;;) {
    const value = condition();
    if (value !== false && value !== null && value !== undefined) return value;
    if (Date.now() > deadlineMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
