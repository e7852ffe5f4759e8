import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { problemOf, problemSchema, RemoteProblem } from "../../protocol/problem.ts";
import type { NodeChoice, NodeRuntime, RunTool } from "./findNode.ts";
import { nextStepWords } from "./words/nextStepWords.ts";
import { serviceWords } from "./words/serviceWords.ts";

export interface LocalServiceNeeds {
  /** Path of the service's program that came with the extension. */
  program: string;
  findNode: () => Promise<NodeChoice>;
  runTool: RunTool;
  /** Data folder of a fleet that this editor has not started yet. */
  home: () => string;
}

const runningSchema = z.object({ url: z.string(), home: z.string(), alreadyRunning: z.boolean() });
const stoppedSchema = z.object({ stopped: z.boolean(), home: z.string() });
const linkSchema = z.object({ link: z.string() });

/** The fleet's service on this machine: a process of its own, one per data folder, which outlives the editor. */
export interface LocalService {
  /**
   * Starts it, or finds the one that runs. `home`: another data folder; `listen`: where, if not as the last time. Rejects
   * with a problem; with an `AbortError` where it was given up by the signal: what was started for it is ended then, and
   * counts as stopped, and nothing else is.
   */
  start(
    home?: string | null,
    options?: { listen?: Listen; signal?: AbortSignal },
  ): Promise<z.infer<typeof runningSchema>>;
  /** Whether a start goes on, or one that was given up has not ended yet. */
  isStarting(): boolean;
  /** Ends it; `stopped` is false when none ran. */
  stop(home?: string | null): Promise<z.infer<typeof stoppedSchema>>;
  /** Whether a person stopped it, here or elsewhere, and nobody has started it since. */
  wasStopped(home: string): boolean;
  /** The service's log. */
  logFile(home?: string | null): string;
  /** A one-use link that lets an admin in. The service must run. */
  joinLink(home: string): Promise<string>;
}

/** Where the service listens: as the last time, on every address, or for this machine alone; on the port of the last time. */
export type Listen = "last:0" | "0.0.0.0:0" | "127.0.0.1:0";

/** A start waits at most this long for the service, and somewhat more for its program. */
const limitMs = 90_000;

/** Works through the command line that comes with the extension, so that both do the same. */
export function createLocalService({ program, findNode, runTool, home }: LocalServiceNeeds): LocalService {
  async function run<S extends z.ZodType>(
    args: string[],
    folder: string | null,
    answer: S,
    signal?: AbortSignal,
  ): Promise<z.infer<S>> {
    const node = await nodeOrThrow(findNode);
    signal?.throwIfAborted();
    const env = { ...node.env, HWLEDGER_HOME: folder ?? home() };
    const { code, stdout, stderr } = await runTool(node.path, [program, ...args, "--json"], {
      env,
      timeoutMs: limitMs,
      ...(signal ? { signal } : {}),
    });
    const document = parsed(stdout);
    const problem = z.object({ problem: problemSchema }).safeParse(document);
    if (problem.success) throw new RemoteProblem(problem.data.problem);
    const read = answer.safeParse(document);
    if (code === 0 && read.success) return read.data;
    throw failed(node, code, stderr.trim() || stdout.trim());
  }

  /** The end of the program of a start that was given up, which the next one waits for. */
  let ending: Promise<unknown> = Promise.resolve();

  let starting = 0;

  return {
    isStarting: () => starting > 0,
    async start(folder = null, { listen = "last:0", signal } = {}) {
      signal?.throwIfAborted();
      const args = ["up", "--detach", "--listen", listen];
      const started = ending.then(() => run(args, folder, runningSchema, signal));
      starting += 1;
      void started.catch(() => undefined).finally(() => (starting -= 1));
      const givenUp = Promise.withResolvers<never>();
      const giveUp = (): void => {
        ending = started.catch(() => undefined); // it ends what it has started itself
        givenUp.reject(signal?.reason);
      };
      signal?.addEventListener("abort", giveUp);
      try {
        return await Promise.race([started, givenUp.promise]);
      } finally {
        signal?.removeEventListener("abort", giveUp);
      }
    },
    stop: (folder = null) => run(["down"], folder, stoppedSchema),
    wasStopped: (folder) => existsSync(join(folder, "stopped")),
    logFile: (folder = null) => join(folder ?? home(), "service.log"),
    async joinLink(folder) {
      const made = await run(["token", "create", "--role", "admin"], folder, linkSchema);
      return made.link;
    },
  };
}

async function nodeOrThrow(findNode: () => Promise<NodeChoice>): Promise<NodeRuntime> {
  const choice = await findNode();
  if (choice.kind === "found") return choice.node;
  throw new RemoteProblem({
    ...problemOf("node-too-old", { version: "" }),
    detail: choice.reason,
    next: nextStepWords["node-too-old"],
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failed({ path, version }: NodeRuntime, code: number | null, said: string): RemoteProblem {
  const how = code === null ? serviceWords.notRun : serviceWords.endedWith(code);
  return new RemoteProblem({
    ...problemOf("service-did-not-start", { reason: "", log: "" }),
    title: serviceWords.failed,
    detail: serviceWords.failure(version, path, how, said.slice(-500)).trim(),
    next: serviceWords.afterFailure,
  });
}
