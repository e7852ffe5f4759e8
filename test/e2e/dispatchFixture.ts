import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import { buildIfStale } from "../../scripts/build.mjs";
import { homeLayout } from "../../service/homeLayout.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import { standardHosts } from "../lab/standardHosts.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import type { Editor } from "../support/editor/editor.ts";
import { startEditor } from "../support/editor/startEditor.ts";
import type { UserSettings } from "../support/editor/userSettings.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";

/** Everything the main job needs, for real: sshd hosts, the service, the editor with the extension. */
export interface DispatchFixture {
  lab: Lab;
  editor: Editor;
  /** The owner's client of the service now running. */
  client: RouteClient;
  /** What `hwledger ARGS --json` prints for this fleet. Rejects when it ends with anything but 0. */
  hwledger(...args: string[]): Promise<unknown>;
  service(): ServiceProcess;
  /** Ends the service as `kill -9` does. */
  killService(): Promise<void>;
  /** Starts it again on the same folder and port. */
  startServiceAgain(): Promise<void>;
  workspaceFolder: string;
  /** The service's folder. */
  home: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const program = fileURLToPath(new URL("../../bin/hwledger.js", import.meta.url));

const script = `import sys, time
from lib.greet import greeting

print(greeting("Zoë 🙂"), flush=True)
for done in range(0, 101, 25):
    print(f"\\rtraining {done} %", end="", flush=True)
print()
print("arguments", sys.argv[1:])
sys.exit(3)
`;

const waiting = `import time
print("waiting for the signal", flush=True)
time.sleep(600)
`;

/** Files of the workspace that the editor opens. */
const workspace: Record<string, string> = {
  "train it.py": script,
  "wait.py": waiting,
  "lib/__init__.py": "",
  "lib/greet.py": 'def greeting(name):\n    return f"hello {name}"\n',
  "README.md": "# Experiments\n",
};

/** What a test wants beside the usual. */
export interface DispatchFixtureOptions {
  /** More files of the workspace, by their path in it. */
  files?: Readonly<Record<string, string>>;
  settings?: UserSettings;
  /** Opens the workspace in Restricted Mode. */
  isRestricted?: boolean;
}

/** Starts it all; what was started is stopped again when a part fails. */
export async function startDispatchFixture(
  hostNames: readonly string[],
  { files = {}, settings = {}, isRestricted = false }: DispatchFixtureOptions = {},
): Promise<DispatchFixture> {
  const dir = await mkdtemp(join(tmpdir(), "hwledger-e2e-"));
  const cleanUps = [() => rm(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  };
  try {
    const vsix = buildIfStale();
    const person = join(dir, "person");
    const workspaceFolder = join(dir, "experiments");
    for (const [path, text] of Object.entries({ ...workspace, ...files })) {
      await mkdir(join(workspaceFolder, path, ".."), { recursive: true });
      await writeFile(join(workspaceFolder, path), text);
    }
    await mkdir(person);
    const hosts = hostNames.map((name) => standardHosts.find((spec) => spec.name === name)!);
    const lab = await startLab({ dir: join(dir, "lab"), hosts });
    cleanUps.unshift(() => lab.stop());
    const home = join(dir, "fleet");
    const env = { HOME: person, HWLEDGER_HOME: home };
    let service = await startServiceProcess(home, { env });
    cleanUps.unshift(() => service.end("SIGTERM"));
    const client = createRouteClient(readIdentity(homeLayout(home).identityFile)!);
    cleanUps.unshift(() => Promise.resolve(client.close()));
    await addHosts(client, lab);
    const editor = await startEditor({
      dir: join(dir, "editor"),
      vsix,
      workspaceFolder,
      settings,
      isRestricted,
      env: { HOME: person },
    });
    cleanUps.unshift(() => editor.stop());
    return {
      lab,
      editor,
      client,
      workspaceFolder,
      home,
      async hwledger(...args) {
        const { stdout } = await run(process.execPath, [program, ...args, "--json"], {
          env: { ...process.env, ...env },
        });
        return JSON.parse(stdout) as unknown;
      },
      service: () => service,
      killService: () => service.end("SIGKILL"),
      async startServiceAgain() {
        service = await startServiceProcess(home, { env, port: Number(new URL(service.url).port) });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function addHosts(client: RouteClient, lab: Lab): Promise<void> {
  for (const { name, address, port, user, identityFile, hostKeyFingerprint } of lab.hosts)
    await client.call("addHost", {
      body: { name, alias: address, user, port, identityFile, hostKey: hostKeyFingerprint },
    });
}
