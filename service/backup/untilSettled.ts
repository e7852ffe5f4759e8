import { setTimeout as delay } from "node:timers/promises";
import { Refusal } from "../../protocol/problem.ts";

/** Times that a backup is tried while the fleet's files change under it. */
export const settleAttempts = 5;

const pauseMs = 200;

/** Thrown by an attempt when what it copied changed meanwhile. */
export class Unsettled extends Error {
  /** What changed, such as `keys/ca.json`. */
  readonly what: string;
  /** What is to be said if it stays so, where that is more than that it changed. */
  readonly lasting: Refusal | null;

  constructor(what: string, lasting: Refusal | null = null) {
    super(`${what} changed while it was copied`);
    this.name = "Unsettled";
    this.what = what;
    this.lasting = lasting;
  }
}

/**
 * Makes attempts until nothing changed during one. After the last throws `backup-unsettled`,
 * or what the attempt said would be lasting.
 */
export async function untilSettled<T>(attempt: () => Promise<T>, wait = () => delay(pauseMs)): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Unsettled)) throw error;
      const { what, lasting } = error;
      if (count >= settleAttempts)
        throw lasting ?? new Refusal("backup-unsettled", { what, attempts: count }, { cause: error });
      await wait();
    }
  }
}
