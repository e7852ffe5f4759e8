import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The fleet's data folder: `HWLEDGER_HOME`, else `$XDG_DATA_HOME/hwledger`, else the platform's usual place.
 * Decides only; `homeLayout` makes it.
 */
export function homeDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): string {
  if (env["HWLEDGER_HOME"]) return resolve(env["HWLEDGER_HOME"]);
  // XDG Base Directory Specification: a relative path is invalid and ignored.
  if (env["XDG_DATA_HOME"]?.startsWith("/")) return join(env["XDG_DATA_HOME"], "hwledger");
  if (platform === "darwin") return join(home, "Library", "Application Support", "hwledger");
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "hwledger");
  return join(home, ".local", "share", "hwledger");
}
