import { resolve } from "node:path";
import { restoreBackup, type RestoreReport } from "../../backup/restoreBackup.ts";
import { Refusal } from "../../../protocol/problem.ts";
import { fileReason } from "../../fileReason.ts";
import { untilInterrupted } from "../untilInterrupted.ts";
import { restoreDocument, restoreText } from "../render/backupText.ts";
import type { Register } from "../runCli.ts";
import { shellWord } from "../shellWord.ts";

/** `hwledger restore FILE` */
export const restoreCommand: Register = (program, context, run) => {
  program
    .command("restore")
    .description("make a data folder of a backup, after verifying all of it; into an empty folder only")
    .argument("<file>", "what `hwledger backup` wrote")
    .option("--data <dir>", "data folder instead of HWLEDGER_HOME")
    .addHelpText(
      "after",
      `
Checked before anything is put in place: every file's SHA-256, the database, the ledger's whole chain and
its head, and that the CA's key is that of the fleet. A backup that fails leaves nothing.
Run one service of the fleet only: end the old one for good before you start the restored one. It logs in
to the hosts with the SSH keys of the machine that it runs on.

Examples:
  hwledger restore fleet.tar
  hwledger restore fleet.tar --data ./restored && hwledger up --listen last:0 --data ./restored`,
    )
    .action(
      run(async (file: string, options: { data?: string }) => {
        const { cwd } = context.terminal;
        const home = options.data === undefined ? context.home : resolve(cwd, options.data);
        const data = options.data === undefined ? "" : ` --data ${shellWord(options.data)}`;
        const call = `hwledger up --listen last:0${data}`;
        return untilInterrupted(context, "Stopped. Nothing was restored.", async (signal) => {
          const report = await restored(resolve(cwd, file), home, signal);
          await context.show(restoreDocument(report), restoreText(report, call, context.out));
        });
      }),
    );
};

/** Tells a backup that cannot be read from a data folder that cannot be written. */
async function restored(file: string, home: string, signal: AbortSignal): Promise<RestoreReport> {
  try {
    return await restoreBackup({ file, home, signal });
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).path === file ? fileReason(cause) : null;
    throw reason === null ? cause : new Refusal("file-not-found", { file, reason }, { cause });
  }
}
