import { workspace } from "vscode";
import type { SettingId } from "../core/settings.ts";

/** A setting that holds text; the declared default, else empty, when it holds anything else. */
export function textSetting(id: SettingId): string {
  const value = workspace.getConfiguration().get<unknown>(id);
  return typeof value === "string" ? value.trim() : "";
}

/** A setting that is on or off. */
export function flagSetting(id: SettingId): boolean {
  return workspace.getConfiguration().get<unknown>(id) === true;
}
