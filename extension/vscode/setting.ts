import * as vscode from "vscode";
import type { SettingId } from "../core/settings.ts";

/** A setting that holds text; the declared default, else empty, when it holds anything else. */
export function textSetting(id: SettingId): string {
  const value = vscode.workspace.getConfiguration().get<unknown>(id);
  return typeof value === "string" ? value.trim() : "";
}

/** A setting that is on or off. */
export function flagSetting(id: SettingId): boolean {
  return vscode.workspace.getConfiguration().get<unknown>(id) === true;
}

/** Changes a setting where it is set: in the workspace where that has a value of its own, else for the person. */
export async function changeSetting(id: string, value: unknown): Promise<void> {
  const configuration = vscode.workspace.getConfiguration();
  const isOfWorkspace = configuration.inspect(id)?.workspaceValue !== undefined;
  const { Workspace, Global } = vscode.ConfigurationTarget;
  await configuration.update(id, value, isOfWorkspace ? Workspace : Global);
}
