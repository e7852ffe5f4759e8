import { jobIdSchema, type JobId } from "../../../protocol/ids.ts";
import type { JobRecord } from "../../../protocol/job.ts";
import { Refusal } from "../../../protocol/problem.ts";
import { countOption } from "../options.ts";
import { cancelText, jobListText, jobText } from "../render/jobText.ts";
import type { Register } from "../runCli.ts";

/** A job id from the command line. Anything else is no job. */
export function jobIdOf(text: string): JobId {
  const parsed = jobIdSchema.safeParse(text);
  if (!parsed.success) throw new Refusal("job-not-found", { job: text });
  return parsed.data;
}

/** `hwledger job ls`, `hwledger job show ID`, `hwledger cancel ID` */
export const jobCommands: Register = (program, context, run) => {
  const job = program.command("job").description("jobs, running and ended");
  job
    .command("ls")
    .description("list jobs, newest first")
    .option("-n, --limit <count>", "how many", countOption, 50)
    .action(
      run(async ({ limit }: { limit: number }) => {
        const jobs: JobRecord[] = [];
        let cursor: string | undefined;
        do {
          const query = {
            limit: Math.min(500, Math.max(1, limit - jobs.length)),
            ...(cursor ? { cursor } : {}),
          };
          const page = await context.client().call("listJobs", { query });
          jobs.push(...page.jobs);
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined && jobs.length < limit);
        await context.show(jobs, jobListText(jobs, context.terminal.now(), context.out));
        return undefined;
      }),
    );
  job
    .command("show")
    .description("show one job")
    .argument("<id>", "the job's id, j-…")
    .action(
      run(async (id: string) => {
        const record = await context.client().call("getJob", { params: { job: jobIdOf(id) } });
        await context.show(record, jobText(record, context.terminal.now(), context.out));
        return undefined;
      }),
    );
  program
    .command("cancel")
    .description("ask for a job's end: TERM to all its processes, KILL after 10 s")
    .argument("<id>", "the job's id, j-…")
    .action(
      run(async (id: string) => {
        const record = await context.client().call("cancelJob", { params: { job: jobIdOf(id) } });
        await context.show(record, cancelText(record, context.terminal.now()));
        return undefined;
      }),
    );
};
