import * as z from "zod";
import { problemCatalog, type ProblemCode } from "./problemCatalog.ts";
import type { ProblemKind } from "./problems/problemKind.ts";

/** Facts that fill the slots of a problem's sentences and travel beside them. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** An RFC 9457 problem with our extension members `code`, `next` and `facts`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int().optional(),
  detail: z.string(),
  code: z.string(),
  next: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** What somebody asked for cannot be done, for a reason they can act on. Carries code and facts, and its cause. */
export class Refusal extends Error {
  readonly code: ProblemCode;
  readonly facts: Facts;

  constructor(code: ProblemCode, facts: Facts = {}, options?: { cause?: unknown }) {
    const wellFormed = wellFormedFacts(facts);
    super(fillSlots(problemCatalog[code].detail, wellFormed), options);
    this.name = "Refusal";
    this.code = code;
    this.facts = wellFormed;
  }
}

/** A problem that came over the wire, as it came: codes of newer services pass unharmed. */
export class RemoteProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "RemoteProblem";
    this.problem = problem;
  }
}

/** The problem document of a code and its facts. */
export function problemOf(code: ProblemCode, given: Facts = {}): Problem {
  const kind: ProblemKind = problemCatalog[code];
  const facts = wellFormedFacts(given);
  return {
    type: `urn:hwledger:problem:${code}`,
    title: kind.title,
    ...(kind.status === null ? {} : { status: kind.status }),
    detail: fillSlots(kind.detail, facts),
    code,
    next: fillSlots(kind.next, facts),
    facts: { ...facts },
  };
}

/** The problem document of anything thrown; `internal` with the given reference where it is no refusal. */
export function problemOfError(error: unknown, reference = "-"): Problem {
  if (error instanceof Refusal) return problemOf(error.code, error.facts);
  if (error instanceof RemoteProblem) return error.problem;
  return problemOf("internal", { reference });
}

/** Half of a surrogate pair has no canonical JSON: the ledger could not hold the problem. */
function wellFormedFacts(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [
      name,
      typeof fact === "string" ? fact.toWellFormed() : fact,
    ]),
  );
}

/** A sentence with its `{slots}` filled from facts; one without a fact stays. */
export function fillSlots(template: string, facts: Facts): string {
  return template.replace(/\{(\w+)\}/g, (slot, name: string) => {
    const fact = facts[name];
    return fact === undefined ? slot : String(fact);
  });
}
