import { execFile } from "node:child_process";
import type { RunTool } from "./findNode.ts";

/** Variables of the editor that would change what a Node.js program does. */
const ofTheEditor = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_CHANNEL_FD$)/;

/** Runs a program in this process's environment, without what is the editor's own. */
export const runTool: RunTool = (program, args, { env = {}, timeoutMs, signal }) =>
  new Promise((resolve) => {
    const inherited = Object.entries(process.env).filter(([name]) => !ofTheEditor.test(name));
    const options = {
      env: { ...Object.fromEntries(inherited), ...env },
      timeout: timeoutMs,
      maxBuffer: 4 * 1_048_576,
      windowsHide: true,
    };
    const end = (): void => void child.kill();
    const child = execFile(program, [...args], options, (error, stdout, stderr) => {
      signal?.removeEventListener("abort", end);
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, stdout, stderr: stderr || (code === null ? (error?.message ?? "") : "") });
    });
    signal?.addEventListener("abort", end);
  });
