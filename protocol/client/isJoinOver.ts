import { Refusal, RemoteProblem } from "../problem.ts";

/** What no further try with the same link and key changes. */
const final: readonly string[] = [
  "token-unknown",
  "token-used",
  "token-expired",
  "token-revoked",
  "token-wrong-role",
  "member-revoked",
  "already-joined",
  "fleet-differs",
];

/** Whether a join that failed so was refused for good, so that its key is of no more use. */
export function isJoinOver(error: unknown): boolean {
  if (error instanceof RemoteProblem) return final.includes(error.problem.code);
  return error instanceof Refusal && final.includes(error.code);
}
