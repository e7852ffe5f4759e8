import { createHash, randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import {
  chmod,
  chown,
  copyFile,
  cp,
  mkdir,
  readFile,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Login } from "./hostNamespace.ts";
import { interpretersOf, quote, sshdConfig } from "./hostScripts.ts";
import { keepIdentity, restoreIdentity } from "./keptIdentity.ts";
import type { LabHostSpec, LabLoginShell } from "./labHostSpec.ts";
import { runOrThrow } from "./runCommand.ts";

const fixturesDir = fileURLToPath(new URL("../fixtures/lab/", import.meta.url));
const shells: Record<LabLoginShell, { path: string; rcFile: string }> = {
  bash: { path: "/bin/bash", rcFile: ".bashrc" },
  dash: { path: "/bin/dash", rcFile: ".profile" },
  fish: { path: "/usr/bin/fish", rcFile: ".config/fish/config.fish" },
  ash: { path: "/usr/local/bin/ash", rcFile: ".profile" },
};

/** What `writeHostFiles` needs beyond the spec. */
export interface HostFilesInputs {
  spec: LabHostSpec;
  dir: string;
  login: Login;
  address: string;
  port: number;
  /** Folder that keeps the host's keys and machine id from one start to the next; without it they are new. */
  kept?: string;
}

/** Writes everything a host consists of into its folder: identity, accounts, keys, tools, home. */
export async function writeHostFiles(inputs: HostFilesInputs): Promise<void> {
  const { spec, dir, login, address, port } = inputs;
  await rm(dir, { recursive: true, force: true });
  for (const name of ["home", "skeleton", "tmp", "local/bin", "local/share"]) {
    await mkdir(join(dir, name), { recursive: true });
  }
  for (const name of [".", "home", "local", "local/bin", "local/share"]) await chmod(join(dir, name), 0o755);
  await chmod(join(dir, "tmp"), 0o1777);
  await writeFile(join(dir, "machine-id"), `${randomBytes(16).toString("hex")}\n`);
  await newBootId(dir);
  await writeFile(join(dir, "sshd_config"), sshdConfig(spec, address, port));
  await writeAccounts(spec, dir, login);
  await writeHome(spec, dir, login);
  await writeTools(spec, dir, login);
  await writeKeys(inputs);
  await copyFile(join(dir, "client_key.pub"), join(dir, "authorized_keys"));
}

async function writeKeys({ spec, dir, kept }: HostFilesInputs): Promise<void> {
  if (kept !== undefined && (await restoreIdentity(kept, dir))) return;
  await newHostKey(dir);
  await runOrThrow(keygen(join(dir, "client_key"), spec.name, spec.keyPassphrase));
  if (kept !== undefined) await keepIdentity(kept, dir);
}

/** A new boot id, as after a reboot. */
export async function newBootId(dir: string): Promise<void> {
  await writeFile(join(dir, "boot_id"), `${randomUUID()}\n`);
}

/** A new ed25519 host key; sshd reads it when it starts. */
export async function newHostKey(dir: string): Promise<void> {
  const path = join(dir, "host_key");
  await rm(path, { force: true });
  await rm(`${path}.pub`, { force: true });
  await runOrThrow(keygen(path, "lab host key"));
}

/** The host's public key: `ssh-ed25519 BASE64`, and its fingerprint as OpenSSH writes it. */
export async function readHostKey(dir: string): Promise<{ publicKey: string; fingerprint: string }> {
  const [type, blob] = (await readFile(join(dir, "host_key.pub"), "utf8")).split(" ");
  if (type === undefined || blob === undefined) throw new Error(`${dir}/host_key.pub is no public key`);
  const digest = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  return { publicKey: `${type} ${blob}`, fingerprint: `SHA256:${digest.replace(/=+$/, "")}` };
}

/** Files of this machine that hold an interpreter the host shall not have. */
export async function hiddenFiles(spec: LabHostSpec): Promise<string[]> {
  const has = interpretersOf(spec);
  const unwanted = [
    ...(has.includes("python3") ? [] : ["python3", "python"]),
    ...(has.includes("node") ? [] : ["node", "nodejs"]),
  ];
  const paths = unwanted.map((name) => `/usr/bin/${name}`).filter((path) => existsSync(path));
  return [...new Set(await Promise.all(paths.map((path) => realpath(path))))];
}

function keygen(path: string, comment: string, passphrase = ""): string[] {
  return ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", comment, "-f", path];
}

/** The machine's accounts, with the login's in front: it exists only inside the host. */
async function writeAccounts(spec: LabHostSpec, dir: string, { name, uid, gid, home }: Login): Promise<void> {
  const shell = shells[spec.loginShell ?? "bash"].path;
  const hash = spec.password === undefined ? "*" : await passwordHash(spec.password);
  const passwd = await readFile("/etc/passwd", "utf8");
  const group = await readFile("/etc/group", "utf8");
  await writeFile(join(dir, "passwd"), `${name}:x:${uid}:${gid}:${name}:${home}:${shell}\n${passwd}`);
  await writeFile(join(dir, "group"), `${name}:x:${gid}:\n${group}`);
  await writeFile(join(dir, "shadow"), `${name}:${hash}:19700:0:99999:7:::\nsshd:!:19700::::::\n`, {
    mode: 0o600,
  });
}

async function passwordHash(password: string): Promise<string> {
  const program = '$_ = <STDIN>; print crypt($_, "\\$6\\$" . "hwledgerlab" . "\\$")';
  return await runOrThrow(["perl", "-e", program], { input: password });
}

async function writeHome(spec: LabHostSpec, dir: string, login: Login): Promise<void> {
  const target = join(dir, spec.homeTmpfsBytes === undefined ? "home" : "skeleton");
  if (spec.rcText !== undefined) {
    const rcFile = join(target, shells[spec.loginShell ?? "bash"].rcFile);
    await mkdir(dirname(rcFile), { recursive: true });
    await writeFile(rcFile, spec.rcText);
  }
  if (process.getuid?.() === 0) await chownTree(target, login);
}

async function chownTree(path: string, { uid, gid }: Login): Promise<void> {
  await chown(path, uid, gid);
  for (const entry of await readdir(path, { recursive: true })) await chown(join(path, entry), uid, gid);
}

async function writeTools(spec: LabHostSpec, dir: string, login: Login): Promise<void> {
  const bin = join(dir, "local/bin");
  if (interpretersOf(spec).includes("node")) await writeFile(join(bin, "node"), "", { mode: 0o755 });
  if (spec.loginShell === "ash") await symlink("/usr/bin/busybox", join(bin, "ash"));
  if (spec.userland === "busybox") await linkApplets(bin);
  if (spec.gpus === undefined) return;
  const data = join(dir, "local/share/nvidia-smi");
  await cp(join(fixturesDir, spec.gpus), data, { recursive: true });
  for (const name of ["fields.txt", "nvidia-smi.awk"])
    await copyFile(join(fixturesDir, name), join(data, name));
  await copyFile(join(fixturesDir, "nvidia-smi"), join(bin, "nvidia-smi"));
  await chmod(join(bin, "nvidia-smi"), 0o755);
  if (spec.varyFigures === true) await writeFile(join(data, "vary"), "");
  if (process.getuid?.() === 0) await chownTree(data, login);
}

async function linkApplets(bin: string): Promise<void> {
  const script = `for a in $(/usr/bin/busybox --list); do [ -e ${quote(bin)}/"$a" ] || ln -s /usr/bin/busybox ${quote(bin)}/"$a"; done`;
  await runOrThrow(["/bin/sh", "-c", script]);
}
