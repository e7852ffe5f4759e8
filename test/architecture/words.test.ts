import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "mocha";
import ts from "typescript";

/** Where the extension's texts that people read stand. */
const folder = "extension/core/words/";

/** What looks like a sentence elsewhere and is none, by its file. */
const allowed: Record<string, { text: RegExp; because: string }> = {
  "extension/core/figures.ts": {
    text: /^… of … GiB memory$/,
    because: "a format of figures, which the pages' bundles hold as well",
  },
  "extension/core/loggedClient.ts": { text: /^…: done in … ms$/, because: "only in the log" },
};

/** The text of a string or template literal, `…` for each thing put in; null for anything else, and for imports. */
function textOf(node: ts.Node): string | null {
  if (ts.isImportDeclaration(node.parent) || ts.isLiteralTypeNode(node.parent)) return null;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…");
}

/** Whether at least three words of letters stand in it, between blanks. */
function isSentenceLike(text: string): boolean {
  const words = text.split(/\s+/).filter((part) => /^[“"'(]*\p{L}[\p{L}'’-]*…?[”"').,:;?!…]*$/u.test(part));
  return words.length >= 3;
}

/** The sentence-like literals of a source, each with its line. */
function sentences(path: string, source: string): { line: number; text: string }[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: { line: number; text: string }[] = [];
  const look = (node: ts.Node): void => {
    const text = node === file ? null : textOf(node);
    if (text !== null && isSentenceLike(text))
      found.push({ line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, text });
    ts.forEachChild(node, look);
  };
  look(file);
  return found;
}

const paths = readdirSync("extension", { recursive: true, encoding: "utf8" })
  .map((path) => `extension/${path.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".ts"));

describe("the extension's texts", function () {
  this.timeout(60_000);

  it(`that people read stand in ${folder}`, () => {
    const elsewhere = paths
      .filter((path) => !path.startsWith(folder))
      .flatMap((path) =>
        sentences(path, readFileSync(path, "utf8"))
          .filter(({ text }) => !allowed[path]?.text.test(text))
          .map(({ line, text }) => `${path}:${line} says “${text}”: move it to ${folder}`),
      );
    assert.deepEqual(elsewhere, []);
  });

  it("are allowed elsewhere only where they still are", () => {
    for (const [path, { text, because }] of Object.entries(allowed))
      assert.ok(
        sentences(path, readFileSync(path, "utf8")).some((one) => text.test(one.text)),
        `${path} holds no ${text.source} (${because}) any more`,
      );
  });

  it("are said in notifications, dialogs and questions of a host by what lets no link through", () => {
    const sayers: Readonly<Record<string, RegExp>> = {
      "extension/vscode/notices.ts": /\bshow(Information|Warning|Error)Message\b/,
      "extension/vscode/cancellable.ts": /\btitle: noticeText\(title\)/,
      "extension/vscode/answerPrompts.ts": /\bprompt: noticeText\(/,
    };
    for (const [path, saying] of Object.entries(sayers)) assert.match(readFileSync(path, "utf8"), saying);
    const others = paths.filter((path) => path !== "extension/vscode/notices.ts");
    const direct = others.filter((path) =>
      sayers["extension/vscode/notices.ts"]!.test(readFileSync(path, "utf8")),
    );
    assert.deepEqual(direct, [], "say it by extension/vscode/notices.ts");
  });

  it("are found as strings, in templates and in templates' parts, and nothing else is", () => {
    const found = sentences(
      "some.ts",
      [
        'import "one two three";',
        "// one two three",
        'const a = "The host is away.";',
        "const b = (name: string) => `the key of ${name} was accepted`;",
        "const c = (why: string) => `ended: ${why === '' ? 'nobody knows why' : why}`;",
        'const d = ["no reading", "list.errorForeground", "<p>a b</p>"];',
        'type One = "one two three";',
      ].join("\n"),
    );
    assert.deepEqual(
      found.map(({ line, text }) => `${line}: ${text}`),
      ["3: The host is away.", "4: the key of … was accepted", "5: nobody knows why"],
    );
  });
});
