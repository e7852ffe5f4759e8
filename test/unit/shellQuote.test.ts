import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { shellQuote } from "../../protocol/shellQuote.ts";

/** Runs a script in a real POSIX shell and returns what it printed. */
function sh(script: string): string {
  const { stdout, stderr, status } = spawnSync("sh", ["-s"], { input: script, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

describe("a quoted shell word", function () {
  this.timeout(30_000);

  it("gives back what it stands for, whatever that is", () => {
    const awkward = fc.constantFrom(
      "'",
      '"',
      "$",
      "`",
      "\\",
      "\n",
      "\r",
      "!",
      "*",
      "~",
      "#",
      " ",
      "\t",
      "é",
      "☃",
      "🚀",
      "-n",
      "$(id)",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }).filter((any) => !any.includes("\0") && any.isWellFormed()),
      fc.array(awkward, { maxLength: 20 }).map((parts) => parts.join("")),
    );
    // Several words a shell: each in brackets, so that trailing line ends and empty words show.
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (words) => {
        const script = `printf '[%s]' ${words.map(shellQuote).join(" ")}`;
        assert.equal(sh(script), words.map((word) => `[${word}]`).join(""));
      }),
      { numRuns: 100 },
    );
  });

  it("is one word even when it is empty", () => {
    assert.equal(sh(`set -- ${shellQuote("")}; printf %s $#`), "1");
  });

  it("is refused for a NUL", () => {
    assert.throws(() => shellQuote("a\0b"), RangeError);
  });
});
