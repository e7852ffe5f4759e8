import { serviceWords } from "./words/serviceWords.ts";

/** A Node.js that can run the service. */
export interface NodeRuntime {
  /** Program to start. */
  path: string;
  /** Variables it needs besides those of this process. */
  env: Record<string, string>;
  /** `24.1.0`. */
  version: string;
}

/** What a program printed and how it ended; `code` is null when it could not be started or did not end in time. */
export interface ToolResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, which the signal asks for, without a shell. Never rejects. */
export type RunTool = (
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; timeoutMs: number; signal?: AbortSignal },
) => Promise<ToolResult>;

export interface FindNodeNeeds {
  /** Path that the person set; empty: none. */
  wanted: string;
  /** What this extension itself runs on: an editor's runtime, or Node.js. */
  own: { path: string; version: string; isElectron: boolean };
  runTool: RunTool;
}

/** The first that can run the service, or why there is none. */
export type NodeChoice = { kind: "found"; node: NodeRuntime } | { kind: "none"; reason: string };

const oldestMajor = 22;
const versionLimitMs = 10_000;

/** Looks at the Node.js that the person set, and at no other when one is set; else at the one on PATH; else at our own. */
export async function findNode({ wanted, own, runTool }: FindNodeNeeds): Promise<NodeChoice> {
  if (wanted !== "") {
    const version = await versionOf(wanted, runTool);
    if (version === null) return { kind: "none", reason: serviceWords.wantedDoesNotRun(wanted) };
    if (majorOf(version) < oldestMajor)
      return {
        kind: "none",
        reason: serviceWords.wantedTooOld(version, oldestMajor),
      };
    return { kind: "found", node: { path: wanted, env: {}, version } };
  }
  const onPath = await versionOf("node", runTool);
  if (onPath !== null && majorOf(onPath) >= oldestMajor)
    return { kind: "found", node: { path: "node", env: {}, version: onPath } };
  if (majorOf(own.version) >= oldestMajor) {
    const env: Record<string, string> = own.isElectron ? { ELECTRON_RUN_AS_NODE: "1" } : {};
    return { kind: "found", node: { path: own.path, env, version: own.version } };
  }
  return {
    kind: "none",
    reason: serviceWords.noneNewEnough(oldestMajor, own.version, onPath),
  };
}

async function versionOf(program: string, runTool: RunTool): Promise<string | null> {
  const { code, stdout } = await runTool(program, ["--version"], { timeoutMs: versionLimitMs });
  const version = /^v(\d+\.\d+\.\d+)/.exec(stdout.trim())?.[1];
  return code === 0 && version !== undefined ? version : null;
}

function majorOf(version: string): number {
  return Number(version.split(".", 1)[0]);
}
