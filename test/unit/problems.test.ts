import assert from "node:assert/strict";
import { problemCatalog, type ProblemCode } from "../../protocol/problemCatalog.ts";
import { problemOf, problemOfError, problemSchema, Refusal, RemoteProblem } from "../../protocol/problem.ts";

describe("a problem", () => {
  it("of every code is a document of the schema", () => {
    for (const code of Object.keys(problemCatalog) as ProblemCode[])
      assert.equal(problemSchema.parse(problemOf(code)).code, code);
  });

  it("fills its sentences with facts, once, whatever they hold", () => {
    const { detail, next, facts } = problemOf("host-name-taken", { host: "{known} $& $1" });
    assert.equal(detail, "The fleet already has a host named {known} $& $1.");
    assert.match(next, /hwledger host rm \{known\} \$& \$1/);
    assert.deepEqual(facts, { host: "{known} $& $1" });
  });

  it("holds no half of a character, which the ledger could not hold", () => {
    const half = "\u{1F680}".slice(1);
    const { detail, facts } = problemOf("host-name-taken", { host: half });
    assert.ok(detail.isWellFormed() && String(facts?.["host"]).isWellFormed());
    assert.ok(new Refusal("host-name-taken", { host: half }).message.isWellFormed());
  });

  it("of a refusal keeps its code and facts, of a remote one all of it", () => {
    const remote = { ...problemOf("job-not-found", { job: "j" }), code: "of-a-newer-service" };
    assert.equal(
      problemOfError(new Refusal("job-ended", { job: "j", state: "failed" })).detail,
      "j is failed.",
    );
    assert.deepEqual(problemOfError(new RemoteProblem(remote)), remote);
  });

  it("of anything else says nothing of what it was", () => {
    const problem = problemOfError(new Error("SELECT secret FROM /etc"), "ref-1");
    assert.equal(problem.code, "internal");
    assert.doesNotMatch(JSON.stringify(problem), /SELECT|etc/);
    assert.match(problem.detail, /ref-1/);
  });
});
