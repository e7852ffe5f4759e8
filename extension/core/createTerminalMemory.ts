import * as z from "zod";
import { jobIdSchema, type JobId } from "../../protocol/ids.ts";
import type { KeptState } from "./keptState.ts";

const openTerminalSchema = z.object({
  jobId: jobIdSchema,
  fleetId: z.string(),
  label: z.string(),
  /** Where in the job's log it began. */
  fromByte: z.number().int().nonnegative(),
  /** What was sent, when this editor sent it. */
  source: z.string().nullable(),
});

/** A log terminal that is open, with what it takes to make the same again. */
export type RememberedTerminal = z.infer<typeof openTerminalSchema>;

/** The log terminals that are open, since the editor itself restores none of an extension. */
export interface TerminalMemory {
  /** In the order they were opened. */
  all(): readonly RememberedTerminal[];
  add(terminal: RememberedTerminal): void;
  remove(jobId: JobId): void;
}

const key = "hwledger.terminals";
const most = 20;

/** Reads on each call and writes on each change; what cannot be read is forgotten. */
export function createTerminalMemory(state: KeptState): TerminalMemory {
  const all = () => openTerminalSchema.array().catch([]).parse(state.get(key));
  const others = (jobId: JobId) => all().filter((terminal) => terminal.jobId !== jobId);
  return {
    all,
    add: (terminal) => void state.update(key, [...others(terminal.jobId), terminal].slice(-most)),
    remove: (jobId) => void state.update(key, others(jobId)),
  };
}
