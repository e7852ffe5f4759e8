import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** User settings of the editor, by their full name, e.g. `workbench.colorTheme`. */
export type UserSettings = Readonly<Record<string, unknown>>;

/** What every driven editor starts with: no telemetry, gallery, AI, updates or welcome pages; a readable terminal. */
export const quietSettings: UserSettings = {
  "telemetry.telemetryLevel": "off",
  "workbench.enableExperiments": false,
  "workbench.settings.enableNaturalLanguageSearch": false,
  "workbench.commandPalette.experimental.enableNaturalLanguageSearch": false,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.reduceMotion": "on",
  // A hover over a tree would take the wheel that scrolls it.
  "workbench.hover.delay": 10_000,
  "workbench.colorTheme": "Dark Modern",
  "git.autofetch": false,
  "git.openRepositoryInParentFolders": "never",
  "npm.fetchOnlinePackageInfo": false,
  "json.schemaDownload.enable": false,
  "typescript.disableAutomaticTypeAcquisition": true,
  "remote.autoForwardPorts": false,
  "security.workspace.trust.enabled": false,
  "window.confirmBeforeClose": "never",
  // Tests take hosts away all the time.
  "hwledger.alerts.enabled": false,
  "terminal.integrated.gpuAcceleration": "off",
};

/** The settings file of one user data folder; each change is written at once and the editor follows it. */
export interface SettingsFile {
  change(settings: UserSettings): Promise<void>;
}

/** Writes the settings of a fresh user data folder: {@link quietSettings}, then those given. */
export async function createSettingsFile(userDataDir: string, settings: UserSettings): Promise<SettingsFile> {
  const path = join(userDataDir, "User", "settings.json");
  const write = (value: UserSettings) => writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
  await mkdir(dirname(path), { recursive: true });
  await write({ ...quietSettings, ...settings });
  return {
    async change(changes) {
      const current = JSON.parse(await readFile(path, "utf8")) as UserSettings;
      await write({ ...current, ...changes });
    },
  };
}
