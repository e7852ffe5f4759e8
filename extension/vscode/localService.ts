import { homedir } from "node:os";
import { Uri } from "vscode";
import { homeDirectory } from "../../protocol/client/homeDirectory.ts";
import { createLocalService, type LocalService } from "../core/createLocalService.ts";
import { dataFolder } from "../core/dataFolder.ts";
import { findNode } from "../core/findNode.ts";
import { runTool } from "../core/runTool.ts";
import { settingIds } from "../core/settings.ts";
import { textSetting } from "./setting.ts";

/** The service that came with the extension. Reads the settings each time. */
export function localService(extensionUri: Uri): LocalService {
  const own = {
    path: process.execPath,
    version: process.versions.node,
    isElectron: process.versions["electron"] !== undefined,
  };
  return createLocalService({
    program: Uri.joinPath(extensionUri, "dist", "service", "hwledger.cjs").fsPath,
    findNode: () => findNode({ wanted: textSetting(settingIds.nodePath), own, runTool }),
    runTool,
    home: () => dataFolder(textSetting(settingIds.dataFolder), homedir()) ?? homeDirectory(process.env),
  });
}
