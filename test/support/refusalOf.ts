import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";

/** Asserts that the work is refused, and gives the refusal. */
export async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof Refusal, String(error));
  return error;
}
