import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "mocha";
import { skippedFolders } from "../../protocol/client/listWorkspace.ts";

const documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
const scripts = (JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> })
  .scripts;

describe("documents", () => {
  it("name only npm scripts that exist", () => {
    for (const document of documents)
      for (const [, name = ""] of readFileSync(document, "utf8").matchAll(/npm run ([a-z:-]+)/g))
        assert.ok(scripts[name], `${document} names npm run ${name}`);
  });

  it("have npm scripts whose programs exist", () => {
    for (const [name, command] of Object.entries(scripts)) {
      const program = /^node scripts\/boot\.mjs ([\w-]+)$/.exec(command)?.[1];
      if (program) assert.ok(existsSync(`scripts/${program}.mjs`), `npm run ${name}`);
    }
  });

  it("link and point only to what is there", () => {
    const all = [...documents, ...readdirSync("docs/adr").map((name) => `docs/adr/${name}`)];
    for (const document of all) {
      const text = readFileSync(document, "utf8");
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = ""]) =>
        join(dirname(document), path),
      );
      const paths = [
        ...text.matchAll(/`((?:protocol|service|extension|agent|media|test|docs|scripts|bin)\/[\w./-]*)`/g),
      ];
      for (const path of [...links, ...paths.map(([, one = ""]) => one)])
        assert.ok(existsSync(path), `${document} names ${path}`);
    }
  });

  it("say in README what a dispatch leaves out", () => {
    const text = readFileSync("README.md", "utf8");
    for (const name of skippedFolders) assert.ok(text.includes(`\`${name}\``), name);
  });

  it("name tests in ARCHITECTURE.md that exist", () => {
    const text = readFileSync("ARCHITECTURE.md", "utf8");
    const named = [...text.matchAll(/`([\w/.-]+\.test\.ts)`/g)].map(([, path = ""]) => path);
    assert.ok(named.length > 5);
    for (const path of named) assert.ok(existsSync(path), path);
  });
});
