import type { ProblemKind } from "./problemKind.ts";

/** Problems of backing a fleet up and restoring it. They arise at the command line. */
export const backupProblems = {
  "backup-no-fleet": {
    status: null,
    title: "There is no fleet to back up",
    detail: "{home} holds no fleet's database and keys.",
    next: "Run it on the service's machine; HWLEDGER_HOME or --data names the data folder.",
  },
  "backup-exists": {
    status: null,
    title: "There is a file of that name",
    detail: "{file} is there already.",
    next: "Name another file, or overwrite this one with --force.",
  },
  "backup-unwritable": {
    status: null,
    title: "The backup cannot be written",
    detail: "{file}: {reason}. Nothing was left there.",
    next: "Correct that, or name a file elsewhere.",
  },
  "backup-unsettled": {
    status: null,
    title: "The fleet's files kept changing",
    detail: "{what} changed each of the {attempts} times it was copied. No backup was written.",
    next: "Try again in a minute.",
  },
  "backup-unsound": {
    status: null,
    title: "The fleet's data does not hold together",
    detail: "In {home} {reason}. No backup was written: it could not be restored.",
    next: "`hwledger ledger verify` may say more. Keep your older backups, and a copy of that folder made while no service runs.",
  },
  "backup-foreign": {
    status: null,
    title: "This is no backup of a fleet",
    detail: "{file}: {reason}. Nothing was restored.",
    next: "Name a file that `hwledger backup` wrote.",
  },
  "backup-damaged": {
    status: null,
    title: "The backup is damaged",
    detail: "{file}: {reason}. Nothing was restored.",
    next: "Take another copy of it, or an older backup.",
  },
  "backup-newer": {
    status: null,
    title: "It is of a newer version",
    detail: "{file} is of version {version} of its format; this program knows up to {known}.",
    next: "Update hwledger, then do it again.",
  },
  "restore-in-use": {
    status: null,
    title: "A service runs on this data folder",
    detail: "The service of {home} holds it. Nothing was restored.",
    next: "Restore into another folder with --data. To replace that fleet, end its service with `hwledger down` and move its folder away.",
  },
  "restore-not-empty": {
    status: null,
    title: "The data folder is not empty",
    detail: "{home} holds {found}. Nothing was restored: it would have to overwrite.",
    next: "Restore into another folder with --data, or move this one away first.",
  },
} as const satisfies Record<string, ProblemKind>;
