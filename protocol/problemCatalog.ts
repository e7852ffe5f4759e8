import { backupProblems } from "./problems/backupProblems.ts";
import { clientProblems } from "./problems/clientProblems.ts";
import { dispatchProblems } from "./problems/dispatchProblems.ts";
import { hostProblems } from "./problems/hostProblems.ts";
import { identityProblems } from "./problems/identityProblems.ts";
import { requestProblems } from "./problems/requestProblems.ts";

/** Every problem there is. Codes are a contract; docs/errors.md lists the same ones (tested both ways). */
export const problemCatalog = {
  ...requestProblems,
  ...identityProblems,
  ...hostProblems,
  ...dispatchProblems,
  ...clientProblems,
  ...backupProblems,
};

/** Stable, kebab-case name of a kind of problem. Decide on this, never on text. */
export type ProblemCode = keyof typeof problemCatalog;
