import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Where a fleet's things lie in its data folder. */
export interface HomeLayout {
  directory: string;
  /** The service's database. */
  database: string;
  /** Held by the running service. */
  lock: string;
  /** What runs here: `{ pid, url, startedAtMs, version }`. */
  serviceFile: string;
  /** The membership the command line uses. */
  identityFile: string;
  keys: string;
  logs: string;
  /** The service's own log. */
  serviceLog: string;
  ssh: string;
}

/** The layout of a data folder; makes the folder, 0700, and mends its mode. */
export function homeLayout(directory: string): HomeLayout {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  return {
    directory,
    database: join(directory, "fleet.sqlite"),
    lock: join(directory, "service.lock"),
    serviceFile: join(directory, "service.json"),
    identityFile: join(directory, "identity.json"),
    keys: join(directory, "keys"),
    logs: join(directory, "logs"),
    serviceLog: join(directory, "service.log"),
    ssh: join(directory, "ssh"),
  };
}
