import { open } from "node:fs/promises";

/** Makes what was renamed into a folder last through a power cut. Windows has no such thing for folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
