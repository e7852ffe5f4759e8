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
import type { ProbeFailure } from "../../protocol/shells/probeParts.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { createProber, type Prober, type ProberOptions } from "../../service/probe/createProber.ts";
import type { HostShells, ShellTarget } from "../../protocol/shells/hostShell.ts";
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
  /** Watches the host at the quick cadence. */
  watch(options?: Partial<ProberOptions>): WatchedHost;
  /** Runs a script by hand; the result gives what it has said so far. */
  run(script: string): Promise<() => string>;
  /** Stops what was begun here, waits until all of it has ended, and removes the folder. */
  end(): Promise<void>;
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
  const shells = createLocalShells({ shell: options.shell ?? ["/bin/sh"], env });
  const processes = () => processesWith(mark);
  let stop: () => Promise<void> = async () => {};
  return {
    dir,
    shells,
    gpuFiles: createLabGpuFiles(dataDir),
    addTool,
    processes,
    watch(options = {}) {
      const fixture = aProber(shells, { lingerMs: 0, ...options });
      stop = () => fixture.prober.stop();
      const unwatch = fixture.prober.watch(localTarget.id);
      fixture.prober.setHosts([{ target: localTarget, probe: "on" }]);
      const reading: WatchedHost["reading"] = (what, fits) => until(what, () => fixture.readings.find(fits));
      return { ...fixture, unwatch, reading };
    },
    async run(script) {
      const shell = await shells.openShell(localTarget);
      stop = async () => {
        shell.close();
        await shell.exited;
      };
      let said = "";
      shell.stdout.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      shell.stdin.write(script);
      return () => said;
    },
    async end() {
      await stop();
      stop = async () => {};
      await until("everything of the probe has ended", () => processes().length === 0);
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

/** A host under watch. */
export interface WatchedHost extends ProberFixture {
  unwatch: () => void;
  /** Waits for a reading that fits, and gives the first. */
  reading(what: string, fits: (reading: HostReading) => boolean): Promise<HostReading>;
}

/** A prober as the service has it, over the shells given. */
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

/** The host that is this machine. */
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
