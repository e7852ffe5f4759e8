import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A service that runs as a process of its own. */
export interface ServiceProcess {
  url: string;
  /** A one-use join link for an admin. */
  link: string;
  /** Ends it and waits until it is gone; by default as `kill -9` does. */
  end(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
}

const program = fileURLToPath(new URL("serviceProgram.ts", import.meta.url));

/** Starts the service on a data folder and waits until it listens. `port` 0 is any free one. */
export async function startServiceProcess(
  home: string,
  { port = 0, env = {} }: { port?: number; env?: Record<string, string> } = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [program, home, String(port)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit");
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint += text.toString("utf8")));
  const first = once(createInterface(child.stdout), "line") as Promise<[string]>;
  const line = await Promise.race([first, exit.then(() => null)]);
  if (line === null) throw new Error(`the service did not start: ${complaint}`);
  const { url, link } = JSON.parse(line[0]) as { url: string; link: string };
  return {
    url,
    link,
    async end(signal = "SIGKILL") {
      child.kill(signal);
      await exit;
    },
  };
}
