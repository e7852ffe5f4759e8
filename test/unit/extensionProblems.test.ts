import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { problemText } from "../../extension/core/problemText.ts";
import { words } from "../../extension/core/words/words.ts";
import { problemOf } from "../../protocol/problem.ts";
import { problemCatalog, type ProblemCode } from "../../protocol/problemCatalog.ts";
import { backupProblems } from "../../protocol/problems/backupProblems.ts";

/** What only somebody with a terminal can follow. */
const commandLine =
  /hwledger (up|down|join|status|host|job|logs|token|ledger|dispatch|help)\b|(^|\s)--[a-z]|\bnpm\b|\bnpx\b|in a terminal|HWLEDGER_/;

/** Problems of the command line's and the agent's own: the editor never meets them. */
const ownOfTheCommandLine: readonly string[] = [
  "already-joined",
  "agent-not-joined",
  "agent-damaged",
  "agent-other-machine",
  "agent-runs",
  ...Object.keys(backupProblems),
];

interface Command {
  title: string;
}

describe("problems in the editor", () => {
  for (const code of Object.keys(problemCatalog) as ProblemCode[])
    if (!ownOfTheCommandLine.includes(code))
      it(`sends nobody to a command line: ${code}`, () => {
        assert.doesNotMatch(problemText(problemOf(code)), commandLine);
      });

  it("names only commands that there are", () => {
    const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    const { contributes } = JSON.parse(manifest) as { contributes: { commands: Command[] } };
    const titles = new Set(contributes.commands.map(({ title }) => title));
    const named = (Object.keys(problemCatalog) as ProblemCode[]).flatMap((code) =>
      [...problemText(problemOf(code)).matchAll(/(?:[Cc]hoose|or) “([^”]+)”/g)].map(
        ([, title = ""]) => title,
      ),
    );
    assert.ok(named.length > 3);
    assert.deepEqual(
      named.filter((title) => !titles.has(title)),
      [],
    );
  });

  it("says the same of what the extension says itself", () => {
    const texts: string[] = [];
    const gather = (value: unknown): void => {
      if (typeof value === "string") texts.push(value);
      else if (typeof value === "object" && value !== null) Object.values(value).forEach(gather);
    };
    gather(words);
    assert.ok(texts.length > 80);
    assert.deepEqual(
      texts.filter((text) => commandLine.test(text)),
      [words.dispatch.argsPlaceHolder], // arguments of the person's own script
    );
  });
});
