import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bundle = join(root, "dist", "service", "hwledger.cjs");
const launcher = join(root, "bin", "hwledger.js");

/** The machine's own Node.js, which may be too old for the bundle; the one of these tests where it has none. */
export const systemNode =
  ["/usr/local/bin/node", "/usr/bin/node"].find((path) => existsSync(path)) ?? process.execPath;

/** What a run of the real program left behind. */
export interface BundleRun {
  code: number | null;
  out: Buffer;
  err: string;
}

/** Makes the bundle when a source is newer than it. */
export async function buildBundleIfStale(): Promise<void> {
  const builtAtMs = existsSync(bundle) ? statSync(bundle).mtimeMs : 0;
  const sources = ["protocol", "service"].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" }).map((file) =>
      join(root, room, file),
    ),
  );
  if (sources.every((file) => statSync(file).mtimeMs <= builtAtMs)) return;
  const child = spawn(process.execPath, ["esbuild.mjs"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const said = Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`esbuild.mjs failed: ${Buffer.concat(await said).toString("utf8")}`);
}

/** Starts the launcher under the machine's own Node.js. */
export function startBundle(home: string, args: readonly string[], env: Record<string, string> = {}) {
  return spawn(systemNode, [launcher, ...args], {
    cwd: root,
    env: { ...process.env, SSH_AUTH_SOCK: "", ...env, HWLEDGER_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs the launcher to its end. */
export async function runBundle(home: string, ...args: string[]): Promise<BundleRun> {
  const child = startBundle(home, args);
  const exit = once(child, "exit") as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), exit]);
  return { code, out, err: err.toString("utf8") };
}

/** Runs it with --json; stdout must be exactly one JSON document. */
export async function runJson(
  home: string,
  ...args: string[]
): Promise<{ code: number | null; document: unknown; err: string }> {
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  const { code, out, err } = await runBundle(home, ...before, "--json", ...args.slice(before.length));
  return { code, document: JSON.parse(out.toString("utf8")) as unknown, err };
}

/** A service that the real program runs. */
export interface BundleService {
  /** What `up --json` printed. */
  document: Record<string, unknown>;
  /** Sends a signal to the launcher, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** As `kill -9` of the service does: nothing is cleaned up. */
  kill(): Promise<void>;
}

/** Runs `up` until it has said where it listens. */
export async function startUp(home: string, listen = "127.0.0.1:0"): Promise<BundleService> {
  const child = startBundle(home, ["up", "--json", "--listen", listen], { HOME: home });
  const exit = once(child, "exit") as Promise<[number | null]>;
  const err = buffer(child.stderr);
  const first = once(createInterface(child.stdout), "line") as Promise<[string]>;
  const line = await Promise.race([first, exit.then(() => null)]);
  if (line === null) throw new Error(`up ended: ${(await err).toString("utf8")}`);
  const document = JSON.parse(line[0]) as Record<string, unknown>;
  return {
    document,
    async end(signal) {
      child.kill(signal);
      return (await exit)[0];
    },
    async kill() {
      const { document: running } = await runJson(home, "up");
      process.kill((running as { pid: number }).pid, "SIGKILL");
      await exit;
    },
  };
}
