import { Refusal } from "../../protocol/problem.ts";
import { fileReason } from "../fileReason.ts";

/** What is said when the file system refuses a backup's file; anything else stays what it is. */
export function unwritable(file: string, cause: unknown): unknown {
  const reason = fileReason(cause);
  return reason === null ? cause : new Refusal("backup-unwritable", { file, reason }, { cause });
}
