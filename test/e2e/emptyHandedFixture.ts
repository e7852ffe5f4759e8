import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { profilesSecret } from "../../extension/vscode/secretProfiles.ts";
import { buildIfStale } from "../../scripts/build.mjs";
import { homeLayout } from "../../service/homeLayout.ts";
import { isHeld, runningService, stopService } from "../../service/runningService.ts";
import { standardHosts } from "../lab/standardHosts.ts";
import type { LabHostSpec } from "../lab/labHostSpec.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import type { Editor } from "../support/editor/editor.ts";
import { startEditor } from "../support/editor/startEditor.ts";

/** A person with the editor, the extension and an ssh_config, and nothing else: no fleet, no service. */
export interface EmptyHanded {
  lab: Lab;
  editor: Editor;
  dir: string;
  /** Where the fleet that the editor starts will be. */
  home: string;
  /** Whether a service holds that folder. */
  isServiceUp(): boolean;
  /** Ends the service as `kill -9` does. */
  killService(): Promise<void>;
  stop(): Promise<void>;
}

/** OpenSSH reads the configuration of the account, whatever HOME says: this one reads the person's. */
const sshOfThePerson = (config: string) => `#!/bin/sh\nexec /usr/bin/ssh -F '${config}' "$@"\n`;

/** A host that asks for two secrets. Its key file is locked, and the key alone does not open the door. */
export const vault = {
  name: "vault",
  keyPassphrase: "tell nobody",
  password: "open sesame",
  sshdConfig: ["AuthenticationMethods publickey,password"],
} satisfies LabHostSpec;

/** A Node.js that is in no hurry to start a service while the file is there. */
const slowNode = (file: string) => `#!/bin/sh
case "$*" in
*--detach*) if [ -e '${file}' ]; then sleep 300 </dev/null >/dev/null 2>&1 & wait $!; fi ;;
esac
exec '${process.execPath}' "$@"
`;

/**
 * Starts the lab, with those of its standard hosts and the vault, and the editor. The person's ssh_config names all of
 * them; its key is that of the last of those named.
 */
export async function startEmptyHanded(hostNames: readonly string[]): Promise<EmptyHanded> {
  const dir = await mkdtemp(join(tmpdir(), "hwledger-e2e-"));
  const cleanUps = [() => rm(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  };
  const person = join(dir, "person");
  const home = join(person, ".local", "share", "hwledger");
  try {
    const hosts = hostNames.map((name) => standardHosts.find((spec) => spec.name === name)!);
    const lab = await startLab({ dir: join(dir, "lab"), hosts: [vault, ...hosts] });
    cleanUps.unshift(() => lab.stop());
    await furnish(person, lab);
    const workspaceFolder = join(dir, "experiments");
    await mkdir(workspaceFolder);
    await writeFile(join(workspaceFolder, "hello.py"), 'print("hello from", __file__)\n');
    cleanUps.unshift(async () => {
      await stopService(homeLayout(home));
    });
    const editor = await startEditor({
      dir: join(dir, "editor"),
      vsix: buildIfStale(),
      workspaceFolder,
      env: {
        HOME: person,
        XDG_DATA_HOME: "",
        HWLEDGER_HOME: "",
        SSH_AUTH_SOCK: "",
      },
    });
    cleanUps.unshift(() => editor.stop());
    return {
      lab,
      editor,
      dir,
      home,
      isServiceUp: () => isHeld(homeLayout(home)),
      async killService() {
        const running = await runningService(homeLayout(home), 5_000);
        process.kill(running!.pid, "SIGKILL");
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function furnish(person: string, lab: Lab): Promise<void> {
  await mkdir(join(person, "bin"), { recursive: true });
  await mkdir(join(person, ".ssh"), { mode: 0o700 });
  const config = join(person, ".ssh", "config");
  await writeFile(config, await readFile(lab.sshConfigFile));
  await writeFile(join(person, "bin", "ssh"), sshOfThePerson(config), { mode: 0o755 });
  // The editor takes PATH from a login shell.
  const profile = `PATH='${join(person, "bin")}':"$PATH"; export PATH\n`;
  for (const name of [".profile", ".bash_profile"]) await writeFile(join(person, name), profile);
  const key = join(person, ".ssh", "id_ed25519");
  await copyFile(lab.hosts.at(-1)!.identityFile, key);
  await chmod(key, 0o600);
}

/** From now on a start of the fleet's service takes minutes, until the function is called that this gives. */
export async function slowStarts({ dir }: EmptyHanded): Promise<() => Promise<void>> {
  const slow = join(dir, "slow");
  await writeFile(slow, "");
  await writeFile(join(dir, "person", "bin", "node"), slowNode(slow), { mode: 0o755 });
  return () => rm(slow);
}

/** Puts a text in place of the memberships that the editor keeps, as a fault of its secret store may do. */
export async function replaceMemberships({ dir, editor }: EmptyHanded, text: string): Promise<void> {
  const extensions = join(dir, "editor", "extensions");
  const name = (await readdir(extensions)).find((folder) => folder.startsWith("hwledger."));
  const manifest = JSON.parse(await readFile(join(extensions, name!, "package.json"), "utf8")) as {
    main: string;
  };
  const main = join(extensions, name!, manifest.main);
  const bundle = await readFile(main);
  // Only the extension itself can write there.
  await writeFile(main, replacer(text));
  await editor.reload();
  await editor.waitForNotification("replaced");
  await writeFile(main, bundle);
  await editor.reload();
}

const replacer = (text: string) => `const { window } = require("vscode");
exports.activate = async ({ secrets }) => {
  await secrets.store(${JSON.stringify(profilesSecret)}, ${JSON.stringify(text)});
  window.showInformationMessage("replaced");
};
`;
