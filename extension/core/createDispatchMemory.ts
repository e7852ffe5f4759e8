import * as z from "zod";
import { hostIdSchema, jobIdSchema, type JobId } from "../../protocol/ids.ts";
import type { KeptState } from "./keptState.ts";

const sentJobSchema = z.object({
  jobId: jobIdSchema,
  fleetId: z.string(),
  /** URI of the local file or of the unsaved buffer. */
  file: z.string(),
  /** The folder on this machine that was sent; null for a buffer that is in no file. */
  root: z.string().nullable(),
  /** Its path in what was sent. */
  script: z.string(),
  hostId: hostIdSchema,
  host: z.string(),
  args: z.array(z.string()),
  /** Whether nothing but the script was sent. */
  scriptOnly: z.boolean(),
  timeoutMs: z.number().nullable(),
  /** Whether the person was told of its end, or need not be. */
  endTold: z.boolean(),
});

/** A job that was dispatched from this workspace. */
export type SentJob = z.infer<typeof sentJobSchema>;

const choicesSchema = z.array(
  z.object({ file: z.string(), args: z.array(z.string()), scriptOnly: z.boolean().optional() }),
);
type Choices = Omit<z.infer<typeof choicesSchema>[number], "file">;

/** What was dispatched from this workspace, how, and with which arguments the next time. Newest first, a few hundred. */
export interface DispatchMemory {
  /** The arguments for a file the next time. */
  argsOf(file: string): readonly string[];
  setArgs(file: string, args: readonly string[]): void;
  /** Whether a person chose to send it alone, or not alone; undefined when nobody chose. */
  scriptOnlyOf(file: string): boolean | undefined;
  setScriptOnly(file: string, scriptOnly: boolean): void;
  add(sent: SentJob): void;
  of(jobId: JobId): SentJob | undefined;
  /** The newest of that file in that fleet; of any file when none is named. */
  last(fleetId: string, file?: string): SentJob | undefined;
  /** Jobs of whose end the person was not told yet. */
  untold(): readonly SentJob[];
  told(jobId: JobId): void;
  /** A buffer that is in no file was closed: the next of that URI is another. */
  forgetBuffer(file: string): void;
}

const keys = { sent: "hwledger.sent", choices: "hwledger.arguments" } as const;
const most = 200;
/** In place of the URI of a buffer that is there no more. */
const closed = "closed:";

/** Reads once, when it is first asked, and writes on each change; what cannot be read is forgotten. */
export function createDispatchMemory(state: KeptState): DispatchMemory {
  let sentBefore: readonly SentJob[] | null = null;
  const sentJobs = () => (sentBefore ??= sentJobSchema.array().catch([]).parse(state.get(keys.sent)));
  const allChoices = () => choicesSchema.catch([]).parse(state.get(keys.choices));
  const choicesOf = (file: string) => allChoices().find((entry) => entry.file === file);

  function keep(sent: readonly SentJob[]): void {
    sentBefore = sent;
    void state.update(keys.sent, sent);
  }

  function choose(file: string, change: Partial<Choices>): void {
    const others = allChoices().filter((entry) => entry.file !== file);
    const next = { args: [], ...choicesOf(file), ...change, file };
    void state.update(keys.choices, [next, ...others].slice(0, most));
  }

  return {
    argsOf: (file) => choicesOf(file)?.args ?? [],
    setArgs: (file, args) => choose(file, { args: [...args] }),
    scriptOnlyOf: (file) => choicesOf(file)?.scriptOnly,
    setScriptOnly: (file, scriptOnly) => choose(file, { scriptOnly }),
    add: (sent) => keep([sent, ...sentJobs()].slice(0, most)),
    of: (jobId) => sentJobs().find((sent) => sent.jobId === jobId),
    last: (fleetId, file) =>
      sentJobs().find((sent) => sent.fleetId === fleetId && (file === undefined || sent.file === file)),
    untold: () => sentJobs().filter(({ endTold }) => !endTold),
    forgetBuffer(file) {
      const isOf = (entry: { file: string }) => entry.file === file;
      if (sentJobs().some(isOf))
        keep(sentJobs().map((sent) => (isOf(sent) ? { ...sent, file: closed } : sent)));
      if (allChoices().some(isOf))
        void state.update(
          keys.choices,
          allChoices().filter((entry) => !isOf(entry)),
        );
    },
    told(jobId) {
      keep(sentJobs().map((sent) => (sent.jobId === jobId ? { ...sent, endTold: true } : sent)));
    },
  };
}
