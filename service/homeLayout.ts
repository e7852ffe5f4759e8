import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Where a fleet's things lie in its data folder. */
export interface HomeLayout {
  directory: string;
  /** The service's database. */
  database: string;
  /** What hosts did over months, rolled up. */
  metrics: string;
  /** Held by the running service. */
  lock: string;
  /** What runs here: `{ pid, url, startedAtMs, version }`. */
  serviceFile: string;
  /** Address on which a service listened here last, as `--listen` takes it. */
  listenFile: string;
  /** The membership the command line uses. */
  identityFile: string;
  keys: string;
  logs: string;
  /** The service's own log. */
  serviceLog: string;
  /** What a service in the background printed on its way up. */
  startLog: string;
  /** There while a person wants no service here: `hwledger down` makes it, the next start takes it away. */
  stoppedMark: string;
  ssh: string;
  /** Notes of where backups are being written: a file each, named like the folder that is not whole yet. */
  partials: string;
}

/** The layout of a data folder; makes the folder, 0700, and mends its mode. */
export function homeLayout(directory: string): HomeLayout {
  makeFolder(resolve(directory));
  if (isOurs(directory)) mendMode(directory);
  return layoutOf(directory);
}

/** The same without a look at the disk. */
export function layoutOf(directory: string): HomeLayout {
  return {
    directory,
    database: join(directory, "fleet.sqlite"),
    metrics: join(directory, "metrics.sqlite"),
    lock: join(directory, "service.lock"),
    serviceFile: join(directory, "service.json"),
    listenFile: join(directory, "listen"),
    identityFile: join(directory, "identity.json"),
    keys: join(directory, "keys"),
    logs: join(directory, "logs"),
    serviceLog: join(directory, "service.log"),
    startLog: join(directory, "start.log"),
    stoppedMark: join(directory, "stopped"),
    ssh: join(directory, "ssh"),
    partials: join(directory, "partials"),
  };
}

/** Whether a folder is a fleet's or empty. The mode of anything else, such as a home directory, is not ours to change. */
function isOurs(directory: string): boolean {
  const names = readdirSync(directory);
  return names.length === 0 || names.includes("identity.json") || names.includes("service.lock");
}

/** Keeps a folder to its owner. Another account's is not ours to change: the service refuses it. */
function mendMode(directory: string): void {
  const { uid } = statSync(directory);
  if (uid === (process.getuid?.() ?? uid)) chmodSync(directory, 0o700);
}

/** Makes a folder, 0700, and those above it. Node's `recursive` never ends where a file system forbids folders, as /proc does. */
export function makeFolder(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (existsSync(directory))
    throw Object.assign(new Error("it is a file, not a folder"), { code: "ENOTDIR", path: directory });
  makeFolder(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}
