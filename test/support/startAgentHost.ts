import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLabGpuFiles, type LabGpuFiles } from "../lab/labGpuFiles.ts";

/** A folder that stands for a host with an agent: its own home, a PATH with the lab's `nvidia-smi`, and the built program. */
export interface AgentHost {
  readonly home: string;
  readonly gpuFiles: LabGpuFiles;
  /** Runs a command of the agent to its end. */
  command(
    args: readonly string[],
    input?: string,
  ): Promise<{ code: number | null; out: string; err: string }>;
  /** Starts it; fulfils once it runs. */
  run(): Promise<void>;
  /** What it said so far. */
  said(): string;
  /** Ends what runs, and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it and removes the folder. */
  remove(): Promise<void>;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
/** The agent's one file, as it is sent to hosts. */
export const agentProgram = join(root, "dist", "agent", "hwledger-agent.cjs");
const fixtures = join(root, "test", "fixtures", "lab");

/** `gpus`: a folder of test/fixtures/lab. `argv`: what the agent is started with; by default this Node and its file. */
export function anAgentHost(
  gpus: string,
  argv: readonly string[] = [process.execPath, agentProgram],
): AgentHost {
  const home = mkdtempSync(join(tmpdir(), "hwl-agent-"));
  const data = join(home, "share", "nvidia-smi");
  mkdirSync(join(home, "bin"));
  mkdirSync(data, { recursive: true });
  for (const name of ["nvidia-smi.awk", "fields.txt"]) copyFileSync(join(fixtures, name), join(data, name));
  cpSync(join(fixtures, gpus), data, { recursive: true });
  writeFileSync(join(home, "bin", "nvidia-smi"), readFileSync(join(fixtures, "nvidia-smi"), "utf8"));
  chmodSync(join(home, "bin", "nvidia-smi"), 0o755);
  const env = { PATH: `${join(home, "bin")}:/usr/bin:/bin`, HOME: home };
  let running: ChildProcess | null = null;
  let said = "";

  function start(args: readonly string[]): ChildProcess {
    const [program = "", ...rest] = argv;
    return spawn(program, [...rest, ...args], { env, cwd: home, stdio: ["pipe", "pipe", "pipe"] });
  }

  async function end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "exit");
    running.kill(signal);
    await gone;
  }

  return {
    home,
    gpuFiles: createLabGpuFiles(data),
    async command(args, input = "") {
      const child = start(args);
      let out = "";
      let err = "";
      child.stdout?.on("data", (text: Buffer) => (out += text.toString("utf8")));
      child.stderr?.on("data", (text: Buffer) => (err += text.toString("utf8")));
      child.stdin?.end(input);
      const [code] = (await once(child, "close")) as [number | null];
      return { code, out, err };
    },
    async run() {
      running = start(["run"]);
      running.stderr?.on("data", (text: Buffer) => (said += text.toString("utf8")));
      running.stdout?.on("data", (text: Buffer) => (said += text.toString("utf8")));
      await once(running, "spawn");
    },
    said: () => said,
    end,
    async remove() {
      await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
