import { Refusal } from "../../protocol/problem.ts";

/** What is known of a join token. */
export interface TokenFacts {
  expiresAtMs: number;
  /** The key it was used with, if it was. */
  usedByKey: string | null;
}

/**
 * Whether a token lets this key in: `enrol` the first time, `repeat` for the same key again (a lost answer).
 * Throws `token-refused` for everything else.
 */
export function decideEnrolment(token: TokenFacts, key: string, nowMs: number): "enrol" | "repeat" {
  if (token.usedByKey === key) return "repeat";
  if (token.usedByKey !== null) throw new Refusal("token-refused", { reason: "It was used already." });
  if (nowMs >= token.expiresAtMs) throw new Refusal("token-refused", { reason: "It has expired." });
  return "enrol";
}

/** A member name that is free: the wanted one, else with `-2`, `-3`, … */
export function freeMemberName(wanted: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(wanted)) return wanted;
  for (let n = 2; ; n++) {
    const name = `${wanted.slice(0, 58)}-${n}`;
    if (!isTaken(name)) return name;
  }
}
