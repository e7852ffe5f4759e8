import { existsSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { syncFolder } from "./syncFolder.ts";

/** Holds, in a data folder, what is whole and verified and on its way to its place. */
const wholeName = "restored";

/**
 * Makes the content of a folder inside a data folder that of the data folder. One rename decides: when this is cut off after
 * it, `finishFilling()` does the rest.
 */
export async function fillFolder(partial: string, home: string): Promise<void> {
  renameSync(partial, join(home, wholeName));
  await syncFolder(home);
  finishFilling(home);
  await syncFolder(home);
}

/** Does what is left of filling a data folder, where that was cut off; else nothing. */
export function finishFilling(home: string): void {
  const whole = join(home, wholeName);
  if (!existsSync(whole)) return;
  for (const name of readdirSync(whole)) renameSync(join(whole, name), join(home, name));
  rmdirSync(whole);
}
