import { resolve } from "node:path";

/** The folder that a setting names: `~` and relative paths begin at the person's home. Null where it names none. */
export function dataFolder(setting: string, home: string): string | null {
  const text = setting.trim();
  return text === "" ? null : resolve(home, text.replace(/^~(?=$|[\\/])[\\/]?/, ""));
}
