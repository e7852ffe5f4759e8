import type { CaState, RotationPhase } from "../../protocol/ca.ts";

const dayMs = 86_400_000;

/** When a rotation takes its steps, in milliseconds. */
export const rotationTimes = {
  /** From the making of one authority to that of the next. */
  everyMs: 90 * dayMs,
  /** Members get at least this long to fetch a new authority; those that run do so every 12 h. */
  distributeLeastMs: dayMs,
  /**
   * A new authority signs after this long whoever has not fetched it: it is cross-signed, so no member is cut off.
   */
  distributeMostMs: 14 * dayMs,
  /** Who was not heard from for so long is asleep, and not waited for. */
  asleepAfterMs: 3 * dayMs,
} as const;

/** What a rotation's next step depends on. */
export interface RotationFacts {
  cas: readonly CaFacts[];
  /** Members whose membership has not ended. */
  members: readonly { seenAtMs: number | null; trusts: readonly string[] }[];
}

/** What of an authority decides. */
export interface CaFacts {
  fingerprint: string;
  state: CaState;
  madeAtMs: number;
  stateAtMs: number;
  validCertificates: number;
}

/** A step of a rotation. Every one is taken whole or not at all, and what comes next is decided anew. */
export type RotationStep =
  { kind: "announce" } | { kind: "issue"; fingerprint: string } | { kind: "retire"; fingerprint: string };

/** The step that is due; null for none. */
export function decideRotation({ cas, members }: RotationFacts, nowMs: number): RotationStep | null {
  const done = cas.find((ca) => ca.state === "superseded" && ca.validCertificates === 0);
  if (done) return { kind: "retire", fingerprint: done.fingerprint };
  const announced = cas.find(({ state }) => state === "announced");
  if (announced) {
    const sinceMs = nowMs - announced.stateAtMs;
    const isAwake = (seenAtMs: number | null) =>
      seenAtMs !== null && nowMs - seenAtMs < rotationTimes.asleepAfterMs;
    const missing = members.filter(
      ({ seenAtMs, trusts }) => isAwake(seenAtMs) && !trusts.includes(announced.fingerprint),
    );
    const isKnown = sinceMs >= rotationTimes.distributeLeastMs && missing.length === 0;
    if (isKnown || sinceMs >= rotationTimes.distributeMostMs)
      return { kind: "issue", fingerprint: announced.fingerprint };
    return null;
  }
  const issuing = cas.find(({ state }) => state === "issuing");
  if (issuing && nowMs - issuing.madeAtMs >= rotationTimes.everyMs) return { kind: "announce" };
  return null;
}

/** How far a rotation is. */
export function rotationPhase({ cas, members }: Pick<RotationFacts, "cas" | "members">): RotationPhase {
  const announced = cas.find(({ state }) => state === "announced");
  if (announced)
    return members.some(({ trusts }) => trusts.includes(announced.fingerprint)) ? "distribute" : "announce";
  return cas.some(({ state }) => state === "superseded") ? "issue" : "steady";
}
