import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { homeLayout, type HomeLayout } from "../../homeLayout.ts";
import { writePrivateFile } from "../../../protocol/client/writePrivateFile.ts";
import { stopService, type RunningService } from "../../runningService.ts";
import type { Register } from "../runCli.ts";

/** `hwledger down` */
export const downCommand: Register = (program, context, run) => {
  program
    .command("down")
    .description("stop the fleet's service that runs here; jobs on the hosts run on")
    .option("--data <dir>", "data folder instead of HWLEDGER_HOME")
    .action(
      run(async (options: { data?: string }) => {
        const home = options.data === undefined ? context.home : resolve(context.terminal.cwd, options.data);
        const stopped = existsSync(home) ? await stopAndMark(homeLayout(home)) : null;
        const document = { stopped: stopped !== null, pid: stopped?.pid ?? null, home };
        await context.show(
          document,
          stopped === null
            ? `No service runs on ${home}.`
            : `The service of ${home} (process ${stopped.pid}) has stopped. Jobs on the hosts run on.`,
        );
        return undefined;
      }),
    );
};

/** Marks the folder first: an editor that loses contact must find that this was wanted, and start nothing. */
async function stopAndMark(layout: HomeLayout): Promise<RunningService | null> {
  if (!existsSync(layout.lock)) return null; // no fleet's folder: nothing to mark
  writePrivateFile(layout.stoppedMark, "");
  try {
    return await stopService(layout);
  } catch (error) {
    rmSync(layout.stoppedMark, { force: true });
    throw error;
  }
}
