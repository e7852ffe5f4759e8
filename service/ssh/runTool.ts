import { execFile } from "node:child_process";

/** How a program ended. `missing`: it is not installed here. */
export type ToolResult =
  | { kind: "ended"; code: number; stdout: string; stderr: string }
  | { kind: "missing" }
  | { kind: "timed-out" };

/** Runs a program by argv, never through a shell, within a time limit. */
export type RunTool = (file: string, args: readonly string[], limitMs: number) => Promise<ToolResult>;

/** The real process runner. A program that is killed by a signal counts as timed out. */
export const runTool: RunTool = (file, args, limitMs) =>
  new Promise((resolve, reject) => {
    const options = { timeout: limitMs, killSignal: "SIGKILL" as const, maxBuffer: 4 * 1024 * 1024 };
    const child = execFile(file, [...args], { ...options, windowsHide: true }, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: "ended", code: 0, stdout, stderr });
      else if (error.code === "ENOENT") resolve({ kind: "missing" });
      else if (typeof error.code === "number") resolve({ kind: "ended", code: error.code, stdout, stderr });
      else if (error.killed === true) resolve({ kind: "timed-out" });
      else reject(error);
    });
    child.stdin?.end();
  });
