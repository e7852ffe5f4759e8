import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Identity } from "../../protocol/client/identity.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import { startChild } from "./childProcess.ts";

/** A server in a process of its own. */
export interface ServerChild {
  pid: number;
  /** What it printed first. */
  url: string;
  end(): Promise<void>;
}

const startLimitMs = 20_000;
const endLimitMs = 5_000;

/**
 * Starts a program of the bench with the project's Node. It prints its address when it listens and ends with its stdin.
 * `HWLEDGER_BENCH_NODE_FLAGS` goes to its node, for profiles.
 */
export async function startServerChild(program: string, argument: string): Promise<ServerChild> {
  const script = fileURLToPath(new URL(program, import.meta.url));
  const flags = (process.env["HWLEDGER_BENCH_NODE_FLAGS"] ?? "").split(" ").filter((flag) => flag !== "");
  const child = startChild([process.execPath, ...flags, script, argument], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const end = async (): Promise<void> => {
    child.process.stdin?.end();
    const timer = setTimeout(() => child.process.kill("SIGKILL"), endLimitMs);
    await child.ended;
    clearTimeout(timer);
  };
  try {
    return { url: await firstLine(child), pid: child.process.pid ?? NaN, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A service on a new folder, and its owner's identity. */
export async function startServiceChild(home: string): Promise<ServerChild & { identity: Identity }> {
  const child = await startServerChild("runService.ts", home);
  const identity = readIdentity(join(home, "identity.json"));
  if (identity !== null) return { ...child, identity };
  await child.end();
  throw new Error("the service made no identity");
}

async function firstLine(child: ReturnType<typeof startChild>): Promise<string> {
  if (!child.process.stdout) throw new Error("the server has no stdout");
  const lines = createInterface({ input: child.process.stdout });
  const line = new Promise<string>((resolve) => lines.once("line", resolve));
  const died = child.ended.then(({ code, stderr }) => {
    throw new Error(`the server ended with ${String(code)}: ${stderr}`);
  });
  died.catch(() => undefined);
  return Promise.race([line, died, late("the server does not start")]);
}

/** Rejects after 20 s. */
export function late(what: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`${what} within ${startLimitMs / 1_000} s`)), startLimitMs).unref();
  });
}
