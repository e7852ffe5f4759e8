import { resolve } from "node:path";
import { writeBackup } from "../../backup/writeBackup.ts";
import { untilInterrupted } from "../untilInterrupted.ts";
import { backupDocument, backupText } from "../render/backupText.ts";
import type { Register } from "../runCli.ts";

interface BackupCommandOptions {
  data?: string;
  withoutLogs?: true;
  force?: true;
}

/** `hwledger backup FILE` */
export const backupCommand: Register = (program, context, run) => {
  program
    .command("backup")
    .description("write the fleet's data folder on this machine as one file, whether its service runs or not")
    .argument("<file>", "the file to write, such as fleet.tar; it holds the CA's private key")
    .option("--without-logs", "leave the jobs' logs out")
    .option("--force", "replace a file of that name")
    .option("--data <dir>", "data folder instead of HWLEDGER_HOME")
    .addHelpText(
      "after",
      `
The file is a tar with the database (the ledger, members, hosts with their accepted keys, jobs), the CA
with its PRIVATE KEY, the owner's membership, all of one moment, and the jobs' logs. Who has it can make
members of your fleet and run code on its hosts: keep it as you would keep that key. Only you may read
it (0600). Not in it: the SSH keys with which this machine logs in to the hosts.

Examples:
  hwledger backup /mnt/usb/fleet.tar
  hwledger backup --without-logs "fleet-$(date +%F).tar"
  hwledger restore fleet.tar --data ./restored     puts it back`,
    )
    .action(
      run(async (file: string, options: BackupCommandOptions) => {
        const { cwd, now } = context.terminal;
        return untilInterrupted(context, "Stopped. No backup was written.", async (signal) => {
          const report = await writeBackup({
            home: options.data === undefined ? context.home : resolve(cwd, options.data),
            file: resolve(cwd, file),
            withLogs: options.withoutLogs !== true,
            force: options.force === true,
            now,
            signal,
          });
          await context.show(backupDocument(report), backupText(report, context.out));
        });
      }),
    );
};
