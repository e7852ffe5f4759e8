import { problemCatalog, type ProblemCode } from "../../protocol/problemCatalog.ts";

/** Whether this version knows a problem code; newer services may send others. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCatalog, code);
}
