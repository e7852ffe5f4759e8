import type { DispatchRequest } from "../../protocol/client/dispatchFile.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { Script } from "../core/script.ts";
import { words } from "../core/words/words.ts";
import { openDocument } from "./scriptToDispatch.ts";
import { bytesOf, unsavedContent } from "./unsavedContent.ts";

/** What is asked of a script. */
export interface ScriptOptions {
  args: readonly string[];
  scriptOnly: boolean;
  timeoutMs: number | null;
  /** Name or id; left out, the service chooses. */
  host?: string;
}

/** The request that sends a script as it is seen now: with what is unsaved, in place of what is on disk. */
export async function dispatchRequestOf(script: Script, options: ScriptOptions): Promise<DispatchRequest> {
  const { args, scriptOnly, timeoutMs, host } = options;
  const common = { args: [...args], timeoutMs, ...(host === undefined ? {} : { host }) };
  if (script.kind === "file") {
    const unsaved = await unsavedContent();
    return { ...common, file: script.path, unsaved, ...(scriptOnly ? { workspace: "script" as const } : {}) };
  }
  const document = openDocument(script.uri);
  if (!document)
    throw new Refusal("file-not-found", { file: script.label, reason: words.dispatch.closedUnsaved });
  return { ...common, file: script.label, text: await bytesOf(document) };
}
