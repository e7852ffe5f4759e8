import { homedir, release, userInfo } from "node:os";
import * as vscode from "vscode";
import type { LogMemory } from "../core/createLogMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { diagnosticsText } from "../core/diagnosticsText.ts";
import { jobSettingIds } from "../core/jobSettings.ts";
import { settingIds } from "../core/settings.ts";
import { words } from "../core/words/words.ts";

/** Opens a document that describes the extension's state for a report of a fault, with what is private taken out. */
export async function collectDiagnostics(membership: Membership, log: LogMemory): Promise<void> {
  await membership.ready().catch(() => null); // a membership that cannot be read is a fault to report, too
  const configuration = vscode.workspace.getConfiguration();
  const ids = Object.values({ ...settingIds, ...jobSettingIds });
  const content = diagnosticsText({
    editor: {
      editor: `${vscode.env.appName} ${vscode.version}`,
      host: words.diagnostics.host(vscode.env.appHost, remoteKind(vscode.env.remoteName)),
      runtime: words.diagnostics.runtime(process.versions.node, process.versions["electron"] !== undefined),
      system: `${process.platform} ${process.arch} ${release()}`,
    },
    settings: Object.fromEntries(ids.map((id) => [id, configuration.get(id)])),
    pathSettings: [settingIds.nodePath, settingIds.dataFolder],
    profiles: membership.profiles,
    shown: membership.profile,
    fleet: membership.session?.fleet ?? null,
    contact: membership.session?.contact ?? null,
    log: log.lines(),
    homeFolder: homedir(),
    account: accountName(),
  });
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  await vscode.window.showTextDocument(document);
}

/** `ssh-remote` of `ssh-remote+name`; an authority alone names a machine. */
function remoteKind(remoteName: string | undefined): string | undefined {
  if (remoteName === undefined) return undefined;
  return /^[a-z]+(?:-[a-z]+)*(?=\+|$)/.exec(remoteName)?.[0] ?? "remote";
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return ""; // an account without a name
  }
}
