import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a fleet knows a host by: kept, a host that starts anew is the same one to it. */
const identityFiles = ["host_key", "host_key.pub", "client_key", "client_key.pub", "machine-id"];

/** Puts a kept identity into a host's folder; false when none is kept. */
export async function restoreIdentity(kept: string, dir: string): Promise<boolean> {
  try {
    for (const name of identityFiles) await copyFile(join(kept, name), join(dir, name));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Keeps a host's identity beside its folder. */
export async function keepIdentity(kept: string, dir: string): Promise<void> {
  await mkdir(kept, { recursive: true, mode: 0o700 });
  for (const name of identityFiles) await copyFile(join(dir, name), join(kept, name));
}

/** The port that the host had; 0 when none is kept. */
export async function keptPort(kept: string): Promise<number> {
  const text = await readFile(join(kept, "port"), "utf8").catch(() => "");
  return /^\d+\n$/.test(text) ? Number(text) : 0;
}

/** Keeps the port that the host has now. */
export async function keepPort(kept: string, port: number): Promise<void> {
  await mkdir(kept, { recursive: true, mode: 0o700 });
  await writeFile(join(kept, "port"), `${port}\n`);
}
