import type { ProblemCode } from "../problemCatalog.ts";

const firstMs = 1_000;
const longestMs = 60_000;
/** What a person has to put right is tried seldom: failed logins get an address banned. */
const seldomMs = 600_000;

/**
 * How long to wait after `failedAttempts` attempts in a row have failed before this one; Infinity: until somebody
 * asks for it. `chance` (0 ≤ n < 1) spreads hosts that failed together.
 */
export function probeRetryDelayMs(code: ProblemCode, failedAttempts: number, chance: number): number {
  if (code === "needs-login") return Number.POSITIVE_INFINITY;
  const spread = 0.75 + chance / 2;
  if (isForPeople(code)) return seldomMs * spread;
  return Math.min(longestMs, firstMs * 2 ** Math.min(failedAttempts, 16)) * spread;
}

function isForPeople(code: ProblemCode): boolean {
  return (
    code.startsWith("host-key-") ||
    code === "host-login-refused" ||
    code === "identity-unusable" ||
    code === "ssh-config-invalid" ||
    code === "ssh-unsupported" ||
    code === "host-local-unsupported"
  );
}
