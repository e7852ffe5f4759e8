import * as z from "zod";

/** The task type. Tested against package.json. */
export const taskType = "hwledger";

const taskDefinitionSchema = z.object({
  type: z.literal(taskType),
  /** Path of the script; relative ones belong to the task's folder. */
  script: z.string().min(1),
  /** Host name; left out, the only online host with a free GPU. */
  host: z.string().min(1).optional(),
  args: z.array(z.string()).default([]),
});

/** A task as `tasks.json` describes it. */
export type TaskDefinition = z.infer<typeof taskDefinitionSchema>;

/** The definition, or null when it is not one of ours or not complete. */
export function parseTask(definition: unknown): TaskDefinition | null {
  return taskDefinitionSchema.safeParse(definition).data ?? null;
}

/** What a task ends with: the job's own code; as the command line, 255 when there is none. */
export function taskExitCode(job: { exitCode: number | null } | null): number {
  return job?.exitCode ?? 255;
}
