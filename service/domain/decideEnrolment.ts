import { hostIdSchema, type Role } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { tokenStates } from "../../protocol/member.ts";

/** What is known of a join token. */
export interface TokenFacts {
  role: Role;
  expiresAtMs: number;
  /** The key it was used with, if it was. */
  usedByKey: string | null;
  revokedAtMs: number | null;
}

/**
 * Whether a token lets this key in: `enrol` the first time, `repeat` for the same key again (a lost answer). Throws
 * `token-wrong-role`, `token-used`, `token-revoked`, `token-expired`.
 */
export function decideEnrolment(
  token: TokenFacts,
  joiner: { key: string; as: "user" | "agent" },
  nowMs: number,
): "enrol" | "repeat" {
  if ((token.role === "agent") !== (joiner.as === "agent")) {
    const names = { user: "a person", agent: "the agent of a host" };
    const role = token.role === "agent" ? names.agent : names.user;
    throw new Refusal("token-wrong-role", { role, wanted: names[joiner.as] });
  }
  if (token.usedByKey === joiner.key) return "repeat";
  switch (tokenState(token, nowMs)) {
    case "used":
      throw new Refusal("token-used", { reason: "It lets in one, once; another key has used it." });
    case "revoked":
      throw new Refusal("token-revoked");
    case "expired":
      throw new Refusal("token-expired", { at: new Date(token.expiresAtMs).toISOString() });
    case "open":
      return "enrol";
  }
}

/** What has become of a token. */
export function tokenState(token: Omit<TokenFacts, "role">, nowMs: number): (typeof tokenStates)[number] {
  if (token.usedByKey !== null) return "used";
  if (token.revokedAtMs !== null) return "revoked";
  return nowMs >= token.expiresAtMs ? "expired" : "open";
}

/** A person's name that is free: the wanted one, else with `-2`, `-3`, … An id of a host is an agent's name. */
export function freeMemberName(wanted: string, isTaken: (name: string) => boolean): string {
  const mayBe = (name: string): boolean => !isTaken(name) && !hostIdSchema.safeParse(name).success;
  if (mayBe(wanted)) return wanted;
  for (let n = 2; ; n++) {
    const name = `${wanted.slice(0, 58)}-${n}`;
    if (mayBe(name)) return name;
  }
}
