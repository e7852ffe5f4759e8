import assert from "node:assert/strict";
import { probeScript } from "../../protocol/probe/probeScript.ts";

describe("the probe's script", () => {
  it("can be read by the bash 3.2 of a Mac, to which a pattern's parenthesis ends a substitution", () => {
    const script = probeScript({ nonce: "00112233", everyS: 1 });
    const substitutions = [...script.matchAll(/\$\((?!\()/g)].map(({ index }) => {
      let depth = 0;
      let to = index + 1;
      do {
        const letter = script[to];
        if (letter === "(") depth += 1;
        if (letter === ")") depth -= 1;
        to += 1;
      } while (depth > 0 && to < script.length);
      return script.slice(index, to);
    });
    assert.ok(substitutions.length > 3);
    // One that is longer than a line, or has branches, is one that ended elsewhere than it was meant to.
    assert.deepEqual(
      substitutions.filter((text) => text.includes("\n") || /\b(case|esac|do|then)\b/.test(text)),
      [],
    );
  });
});
