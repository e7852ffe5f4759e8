import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { homeLayout } from "../../homeLayout.ts";
import { stopService } from "../../runningService.ts";
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
        const stopped = existsSync(home) ? await stopService(homeLayout(home)) : null;
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
