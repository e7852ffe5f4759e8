import type { ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const termLimitMs = 4_000;
const killLimitMs = 4_000;

/**
 * Ends a child process and all that descend from it, by their ids: first TERM, then KILL. Descendants that put
 * themselves into a session of their own are included as long as their chain of parents is alive.
 */
export async function endProcessTree(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const pids = [child.pid, ...(await descendantsOf(child.pid))];
  signalAll(pids, "SIGTERM");
  if (await allGone(pids, termLimitMs)) return;
  signalAll(pids, "SIGKILL");
  if (!(await allGone(pids, killLimitMs))) throw new Error(`processes ${pids.join(", ")} survive SIGKILL`);
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

async function allGone(pids: readonly number[], limitMs: number): Promise<boolean> {
  const endAtMs = performance.now() + limitMs;
  for (;;) {
    const stats = await Promise.all(pids.map(readStat));
    if (stats.every((stat) => stat === undefined || stat.state === "Z")) return true;
    if (performance.now() > endAtMs) return false;
    await delay(50);
  }
}

async function descendantsOf(rootPid: number): Promise<number[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(names.map((name) => readStat(Number(name))));
  const found: number[] = [];
  const collect = (parent: number): void => {
    for (const stat of stats) {
      if (stat?.parentPid !== parent) continue;
      found.push(stat.pid);
      collect(stat.pid);
    }
  };
  collect(rootPid);
  return found;
}

interface ProcessStat {
  pid: number;
  state: string;
  parentPid: number;
}

/** Reads `/proc/PID/stat` (proc(5)); undefined when there is no such process (any more). */
async function readStat(pid: number): Promise<ProcessStat | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const [state = "", parentPid = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { pid, state, parentPid: Number(parentPid) };
}
