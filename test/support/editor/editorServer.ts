import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { endProcessTree } from "./endProcessTree.ts";

const startLimitMs = 60_000;
const installLimitMs = 90_000;
const keptOutputChars = 8_000;

/** Where the editor's parts lie; made by `ensureEditor()`, and the folders of one run. */
export interface EditorServerOptions {
  nodePath: string;
  serverMain: string;
  serverDataDir: string;
  userDataDir: string;
  extensionsDir: string;
  /** Whether folders are trusted only once a person says so. */
  hasWorkspaceTrust: boolean;
  /** Added to this process's environment; the extension host inherits it. */
  env: Readonly<Record<string, string>>;
}

export interface EditorServer {
  /** Address of the workbench without a path, e.g. `http://127.0.0.1:41234`. */
  url: string;
  /** The last part of what the server printed. */
  output(): string;
  /** Ends the server, its extension hosts and their children. */
  stop(): Promise<void>;
}

/** Installs a VSIX into the extensions folder; throws with the server's output when that fails. */
export async function installVsix(options: EditorServerOptions, vsix: string): Promise<void> {
  const args = [...serverArgs(options), "--install-extension", vsix, "--force"];
  const run = promisify(execFile);
  try {
    await run(options.nodePath, args, { env: serverEnv(options), timeout: installLimitMs });
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
    throw new Error(`the editor did not install ${vsix}:\n${stdout}${stderr}`, { cause });
  }
}

/** Starts the editor's server on a free port of 127.0.0.1, without a connection token. */
export async function startEditorServer(options: EditorServerOptions): Promise<EditorServer> {
  const args = [
    ...serverArgs(options),
    ...["--host", "127.0.0.1", "--port", "0", "--without-connection-token"],
    ...(options.hasWorkspaceTrust ? [] : ["--disable-workspace-trust"]),
    ...["--telemetry-level", "off"],
  ];
  const child = spawn(options.nodePath, args, {
    env: serverEnv(options),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const endWithUs = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", endWithUs);
  const stop = async () => {
    await endProcessTree(child);
    process.off("exit", endWithUs);
  };
  let output = "";
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-keptOutputChars));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  try {
    const port = await listeningPort(child, () => output);
    return { url: `http://127.0.0.1:${port}`, output: () => output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listeningPort(child: ChildProcess, output: () => string): Promise<number> {
  const limit = AbortSignal.timeout(startLimitMs);
  const fail = (what: string, cause?: unknown) =>
    new Error(`the editor's server ${what}; it printed:\n${output()}`, { cause });
  for (;;) {
    const port = /Server bound to 127\.0\.0\.1:(\d+)/.exec(output())?.[1];
    const isListening = output().includes("Extension host agent listening on");
    if (port !== undefined && isListening) return Number(port);
    const next = new AbortController();
    const signal = AbortSignal.any([limit, next.signal]);
    try {
      const printed = once(child.stdout!, "data", { signal }).then(() => "printed" as const);
      const ended = once(child, "exit", { signal }).then(() => "ended" as const);
      if ((await Promise.race([printed, ended])) === "ended") throw fail("ended before it listened");
    } catch (cause) {
      throw limit.aborted ? fail(`did not listen within ${startLimitMs} ms`, cause) : cause;
    } finally {
      next.abort();
    }
  }
}

function serverArgs({
  serverMain,
  serverDataDir,
  userDataDir,
  extensionsDir,
}: EditorServerOptions): string[] {
  return [
    serverMain,
    ...["--server-data-dir", serverDataDir],
    ...["--user-data-dir", userDataDir],
    ...["--extensions-dir", extensionsDir],
    "--accept-server-license-terms",
  ];
}

/** Without what a surrounding editor or tool set for its own children; an empty gallery is no gallery. */
function serverEnv({ env }: EditorServerOptions): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), EXTENSIONS_GALLERY: "{}", ...env };
}
