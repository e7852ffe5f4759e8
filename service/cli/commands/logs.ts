import { unreachable } from "../../../protocol/client/routeClient.ts";
import { isJobEnded } from "../../../protocol/job.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { followJob, leftText } from "../followJob.ts";
import { giveUpOption, offsetOption } from "../options.ts";
import type { Register } from "../runCli.ts";
import { jobIdOf } from "./job.ts";

/** `hwledger logs ID`: the raw bytes and nothing else. */
export const logsCommand: Register = (program, context, run) => {
  program
    .command("logs")
    .description("write a job's log, byte for byte, and nothing else (also with --json)")
    .argument("<id>", "the job's id, j-…")
    .option("-f, --follow", "go on until the log is complete")
    .option(...giveUpOption)
    .option("--offset <bytes>", "begin at this byte", offsetOption, 0)
    .addHelpText(
      "after",
      `
Examples:
  hwledger logs j-0123456789abcdef --follow
  hwledger logs j-0123456789abcdef --offset 4096 > rest.log`,
    )
    .action(
      run(async (id: string, options: { follow?: boolean; offset: number; giveUpAfter?: number }) => {
        const { follow, offset, giveUpAfter: giveUpAfterMs } = options;
        const job = jobIdOf(id);
        const record = await context.client().call("getJob", { params: { job } });
        if (follow !== true || isJobEnded(record.state)) return copyLog(context, job, offset);
        const end = await followJob(context, record, offset, (bytes) => context.print(bytes), {
          giveUpAfterMs,
        });
        if (end.kind === "ended") return undefined;
        context.note(`\n${leftText(end)}\nFollow it:  hwledger logs ${job} --follow --offset ${end.atByte}`);
        return end.kind === "given-up" ? exitCodes.unreachable : exitCodes.interrupted;
      }),
    );
};

async function copyLog(context: Context, job: string, offset: number): Promise<undefined> {
  const answer = await context.client().bytes("getJobLog", { params: { job }, query: { offset } });
  let atByte = offset;
  try {
    for await (const bytes of answer as AsyncIterable<Buffer>) {
      await context.print(bytes);
      atByte += bytes.length;
    }
  } catch (cause) {
    throw unreachable(context.identity().url, new Error(`it broke off at byte ${atByte}`, { cause }));
  }
}
