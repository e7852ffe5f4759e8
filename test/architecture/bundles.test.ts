import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { describe, it } from "mocha";
import { vsixPath } from "../../scripts/build.mjs";

interface Metafile {
  inputs: Record<string, { imports: { path: string; external?: boolean }[] }>;
}

function metafile(bundle: string): Metafile {
  return JSON.parse(readFileSync(`dist/meta/${bundle}.json`, "utf8")) as Metafile;
}

function inputs(bundle: string): string[] {
  return Object.keys(metafile(bundle).inputs);
}

function packages(bundle: string): Set<string> {
  const names = inputs(bundle).flatMap((path) => {
    const at = path.lastIndexOf("node_modules/");
    if (at < 0) return [];
    const [scope = "", name = ""] = path.slice(at + "node_modules/".length).split("/");
    return [scope.startsWith("@") ? `${scope}/${name}` : scope];
  });
  return new Set(names);
}

describe("the bundles", () => {
  const ofExtension = ["extension", "wiring"];

  it("put nothing of the service into the extension", () => {
    assert.deepEqual(
      ofExtension.flatMap(inputs).filter((path) => path.startsWith("service/")),
      [],
    );
  });

  it("load for the extension's activation nothing but names of commands", () => {
    assert.deepEqual(
      inputs("extension").filter((path) => /^(protocol|extension|node_modules)\//.test(path)),
      ["extension/core/commandIds.ts", "extension/vscode/activate.ts"],
    );
  });

  it("put nothing of the extension into the command line and the service", () => {
    assert.deepEqual(
      inputs("hwledger").filter((path) => path.startsWith("extension/")),
      [],
    );
  });

  it("keep the service's libraries out of the extension", () => {
    const found = new Set(ofExtension.flatMap((bundle) => [...packages(bundle)]));
    for (const library of ["fastify", "ssh2", "better-sqlite3", "pino", "commander"])
      assert.equal(found.has(library), false, `${library} is in the extension's bundle`);
  });

  it("leave only what is there at run time outside", () => {
    const outside = (bundle: string): string[] => {
      const found = Object.values(metafile(bundle).inputs)
        .flatMap((input) => input.imports)
        .filter((one) => one.external && one.path !== "vscode" && !isBuiltin(one.path));
      return [...new Set(found.map((one) => one.path))].sort();
    };
    // Native parts of ssh2 and ws that both do without: left out on purpose.
    const optional = /\.node$|^(cpu-features|bufferutil|utf-8-validate)$/;
    const besides = ofExtension.flatMap(outside).filter((path) => !optional.test(path));
    assert.deepEqual(besides, ["./wiring.cjs", "./node-forge.cjs"]);
    const packed = readFileSync(".vscodeignore", "utf8").split("\n");
    for (const path of besides) {
      const file = path.replace(/^\./, "dist");
      assert.ok(existsSync(file) && packed.includes(`!${file}`), file);
    }
    assert.deepEqual(
      outside("hwledger").filter((path) => !optional.test(path)),
      [],
    );
  });

  it("fit, with SQLite for every platform, into a VSIX of less than 15 MB", () => {
    const platforms = readdirSync("dist/prebuilds").map((file) => file.replace(/\.node$/, ""));
    assert.deepEqual(platforms, [
      "darwin-arm64",
      "darwin-x64",
      "linux-arm64",
      "linux-x64",
      "linuxmusl-arm64",
      "linuxmusl-x64",
      "win32-arm64",
      "win32-x64",
    ]);
    assert.ok(readFileSync(".vscodeignore", "utf8").split("\n").includes("!dist/prebuilds/*.node"));
    const { size } = statSync(vsixPath());
    assert.ok(size < 15_000_000, `the VSIX has ${size} bytes`);
  });

  it("keep the extension's bundles small", () => {
    for (const [file, limit] of [
      ["extension.cjs", 10_000],
      ["wiring.cjs", 750_000],
    ] as const) {
      const { size } = statSync(`dist/${file}`);
      assert.ok(size < limit, `dist/${file} has ${size} bytes`);
    }
  });

  for (const page of ["dashboard", "host", "members", "invite"]) {
    it(`put nothing into the ${page} page but pages' code, pure code of ours and libraries for pages`, () => {
      const ours = /^(extension\/(webview|core)|protocol)\/(?!client\/)/;
      assert.deepEqual(
        inputs(`webview-${page}`).filter((path) => !ours.test(path) && !path.startsWith("node_modules/")),
        [],
      );
      const known = new Set(["zod", "uplot"]);
      assert.deepEqual(
        [...packages(`webview-${page}`)].filter((name) => !known.has(name)),
        [],
      );
      const outside = Object.values(metafile(`webview-${page}`).inputs).flatMap((input) => input.imports);
      assert.deepEqual(
        outside.filter(({ external }) => external),
        [],
      );
    });

    it(`put none of the editor's words into the ${page} page but those of pages`, () => {
      assert.deepEqual(
        inputs(`webview-${page}`).filter((path) => path.startsWith("extension/core/words/")),
        ["extension/core/words/panelWords.ts"],
      );
    });

    it(`keep the ${page} page small`, () => {
      const size = ["js", "css"].reduce(
        (sum, ending) => sum + statSync(`dist/webview/${page}.${ending}`).size,
        0,
      );
      assert.ok(size < 300_000, `the ${page} page has ${size} bytes`);
    });
  }
});
