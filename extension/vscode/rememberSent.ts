import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { JobRecord } from "../../protocol/job.ts";
import type { DispatchMemory, SentJob } from "../core/createDispatchMemory.ts";
import { sentFolder } from "../core/localPlace.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import type { Script } from "../core/script.ts";

/** What is known of a dispatch besides its job. */
export interface Dispatched {
  script: Script;
  scriptOnly: boolean;
}

/** Remembers a job that was sent from here: for its next run, its end, and the way from its log to the local files. */
export async function rememberSent(
  memory: DispatchMemory,
  { identity }: FleetSession,
  job: JobRecord,
  { script, scriptOnly }: Dispatched,
): Promise<SentJob> {
  const { id: jobId, hostId, host, args, timeoutMs } = job;
  const sent: SentJob = {
    jobId,
    fleetId: identity.fleetId,
    file: script.uri,
    root: await rootOf(script, job.script),
    script: job.script,
    hostId,
    host,
    args,
    scriptOnly,
    timeoutMs,
    endTold: false,
  };
  memory.add(sent);
  return sent;
}

/** The folder that was sent, by the path that the person knows where that is possible. */
async function rootOf(script: Script, sentAs: string): Promise<string | null> {
  if (script.kind === "buffer") return null;
  const known = sentFolder(script.path, sentAs);
  if (known !== null) return known;
  const folder = await realpath(dirname(script.path)).catch(() => dirname(script.path));
  return sentFolder(join(folder, basename(script.path)), sentAs);
}
