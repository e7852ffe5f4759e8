import { InvalidArgumentError } from "commander";
import { isJobEnded } from "../../../protocol/job.ts";
import { followJob } from "../followJob.ts";
import type { Register } from "../runCli.ts";
import { jobIdOf } from "./job.ts";

function offsetOption(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new InvalidArgumentError("It is a byte offset: 0 or more.");
  return offset;
}

/** `hwledger logs ID`: the raw bytes and nothing else. */
export const logsCommand: Register = (program, context, run) => {
  program
    .command("logs")
    .description("write a job's log, byte for byte")
    .argument("<id>", "the job's id, j-…")
    .option("-f, --follow", "go on until the log is complete")
    .option("--offset <bytes>", "begin at this byte", offsetOption, 0)
    .action(
      run(async (id: string, options: { follow?: boolean; offset: number }) => {
        const job = jobIdOf(id);
        const client = context.client();
        const record = await client.call("getJob", { params: { job } });
        if (options.follow === true && !isJobEnded(record.state)) {
          await followJob(context, record, options.offset, (bytes) => context.print(bytes));
          return undefined;
        }
        const answer = await client.bytes("getJobLog", {
          params: { job },
          query: { offset: options.offset },
        });
        for await (const bytes of answer as AsyncIterable<Buffer>) await context.print(bytes);
        return undefined;
      }),
    );
};
