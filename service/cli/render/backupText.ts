import type { RestoreReport } from "../../backup/restoreBackup.ts";
import type { Manifest } from "../../backup/manifest.ts";
import type { BackupReport } from "../../backup/writeBackup.ts";
import type { Style } from "../terminal.ts";
import { bytesText, timeText } from "./figures.ts";
import { printable } from "./table.ts";

/** What `backup --json` prints. */
export function backupDocument({ file, bytes, manifest, members, leftOut }: BackupReport) {
  return { file, bytes, holdsCaKey: true, ...factsOf(manifest), members, leftOut };
}

/** What `restore --json` prints. */
export function restoreDocument({ home, manifest, members }: RestoreReport) {
  return { home, ...factsOf(manifest), members };
}

function factsOf({ madeAtMs, program, fleetId, caFingerprint, ledger, logs, files }: Manifest) {
  return { madeAtMs, program, fleetId, caFingerprint, ledger, logs, files: files.length };
}

/** What `backup` says. */
export function backupText({ file, bytes, manifest, members, leftOut }: BackupReport, style: Style): string {
  return [
    `${style.green("Backed up")} to ${printable(file)} (${bytesText(bytes)}).`,
    "",
    ...factLines(manifest, members, style),
    ...leftOut.map((name) => `${label("left out", style)}${printable(name)}: it is no plain file`),
    "",
    style.bold("It holds the private key of the fleet's CA."),
    "Who has this file can make members of the fleet and run code on its hosts. Keep it as you would keep that key.",
  ].join("\n");
}

/** What `restore` says; `call` starts the service. */
export function restoreText({ home, manifest, members }: RestoreReport, call: string, style: Style): string {
  return [
    `${style.green("Restored")} into ${printable(home)}. All of it was verified.`,
    "",
    ...factLines(manifest, members, style),
    `${label("made", style)}${timeText(manifest.madeAtMs)}, by version ${printable(manifest.program)}`,
    "",
    `\`${call}\` starts it at the address and port that it had.`,
    "What happened after the backup was made is not in it: who was revoked since is a member again (`hwledger user ls`).",
    "Run one service of the fleet only: end the old one for good first.",
  ].join("\n");
}

function factLines({ fleetId, caFingerprint, ledger, logs, files }: Manifest, members: number, style: Style) {
  const logFiles = files.filter(({ name }) => name.startsWith("logs/"));
  const logBytes = logFiles.reduce((sum, { bytes }) => sum + bytes, 0);
  const facts = [
    ["fleet", printable(fleetId)],
    ["CA SHA-256", caFingerprint],
    ["members", String(members)],
    ["ledger", `${ledger.events} events, head ${ledger.head}`],
    [
      "logs",
      logs
        ? `${logFiles.length} (${bytesText(logBytes)})`
        : "left out; those of ended jobs are not to be had from it",
    ],
  ] as const;
  return facts.map(([name, value]) => `${label(name, style)}${value}`);
}

function label(name: string, style: Style): string {
  return `  ${style.dim(name.padEnd(10))}  `;
}
