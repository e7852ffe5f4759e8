import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { supervisorScript } from "../../protocol/runner/supervisorScript.ts";
import { aSpec } from "../support/dispatchBench.ts";

const scriptWith = (name: string): string =>
  supervisorScript(aSpec({ env: { [name]: "hidden-4711" } }), { jobId: "j-0", graceMs: 1_000 });

describe("the environment of a job", () => {
  for (const name of ["TOKEN", "EPOCHS", "h_token", "COMP_KEY2", "BASHFUL", "SECONDS_LEFT", "LC_ALL"])
    it(`reaches it without standing in arguments, which everybody on the host can read: ${name}`, () => {
      const lines = scriptWith(name).split("\n");
      assert.deepEqual(
        lines.filter((line) => line.includes("hidden-4711")),
        [`export ${name}='hidden-4711'`],
      );
    });

  it("has what shells keep for themselves all the same", () => {
    for (const name of ["PPID", "EPOCHSECONDS", "BASH_ENV", "_"])
      assert.match(scriptWith(name), new RegExp(`command -v env\\)" '${name}=hidden-4711' `));
  });
});
