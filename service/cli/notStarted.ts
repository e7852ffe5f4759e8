import type { JobRecord } from "../../protocol/job.ts";
import { problemOf, type Problem } from "../../protocol/problem.ts";
import { problemCatalog } from "../../protocol/problemCatalog.ts";
import { isProblemCode } from "./isProblemCode.ts";

/** Stand-ins for facts that a job's record does not keep; its detail has them. */
const notKept = { fingerprint: "SHA256:…", keyName: "*" };

/** The problem that kept a job from starting, with what to do about it; null when it started or may still do so. */
export function notStarted(job: JobRecord): Problem | null {
  if (job.cause?.kind !== "not-started") return null;
  const { code, title, detail } = job.cause;
  const facts = { jobId: job.id, host: job.host };
  const known = isProblemCode(code)
    ? problemOf(code, { ...notKept, ...facts, job: job.id, script: job.script, state: job.state }).next
    : "";
  const isWhole = known !== "" && !/\{\w+\}/.test(known);
  const isPython = code === "interpreter-missing" && /python/i.test(detail);
  const another = isPython ? " Another Python is named with --python PATH or --venv DIR." : "";
  return {
    type: `urn:hwledger:problem:${code}`,
    title,
    detail,
    code,
    next: isWhole ? known + another : problemCatalog["start-failed"].next.replaceAll("{host}", job.host),
    facts,
  };
}
