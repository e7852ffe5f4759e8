import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

/** ssh2's optional native part: left out of bundles, its JavaScript does the same. */
const leaveOutNative = {
  name: "leave-out-native",
  setup(bundle) {
    bundle.onResolve({ filter: /\.node$/ }, ({ path }) => ({ path, external: true }));
    bundle.onResolve({ filter: /^cpu-features$/ }, ({ path }) => ({ path, external: true }));
  },
};

/**
 * A module that is not needed at once: it is a file beside the bundle, read when something of it is first used, not when
 * the bundle is loaded. `shape` is the source of what stands in its place, `late()` the module.
 */
const readLate = (filter, file, shape) => ({
  name: `read-late-${file}`,
  setup(bundle) {
    const namespace = `read-late-${file}`;
    bundle.onResolve({ filter }, ({ path }) => ({ path, namespace }));
    bundle.onLoad({ filter: /.*/, namespace }, () => ({
      contents: `let read; const late = () => (read ??= require("./${file}")); ${shape}`,
    }));
    bundle.onResolve({ filter: /.*/, namespace }, ({ path }) => ({ path, external: true }));
  },
});

const forgeLate = readLate(
  /^node-forge$/,
  "node-forge.cjs",
  "module.exports = new Proxy({}, { get: (_, key) => late()[key] });",
);
const wiringLate = readLate(
  /^\.\/wireExtension\.ts$/,
  "wiring.cjs",
  "export const wireExtension = (context) => late().wireExtension(context);",
);

/**
 * The editor's API as a module with just the members that are used. As it is, each module that imports it would get a
 * copy of its several hundred members when the bundle is loaded.
 */
const leanVscode = {
  name: "lean-vscode",
  setup(bundle) {
    bundle.onResolve({ filter: /^vscode$/ }, ({ path, namespace }) =>
      namespace === "lean-vscode" ? { path, external: true } : { path, namespace: "lean-vscode" },
    );
    bundle.onLoad({ filter: /.*/, namespace: "lean-vscode" }, () => {
      const sources = globSync("extension/vscode/*.ts").map((file) => readFileSync(file, "utf8"));
      const members = new Set(sources.flatMap((text) => text.match(/(?<=\bvscode\.)\w+/g) ?? []));
      return { contents: `export const { ${[...members].sort().join(", ")} } = require("vscode");` };
    });
  },
};

/** Of node-forge what certificate requests are made with: the agent's one file is sent to hosts. */
const leanForge = {
  name: "lean-forge",
  setup(bundle) {
    bundle.onResolve({ filter: /^node-forge$/ }, ({ path }) => ({ path, namespace: "lean-forge" }));
    bundle.onLoad({ filter: /.*/, namespace: "lean-forge" }, () => ({
      contents:
        'require("node-forge/lib/x509.js"); require("node-forge/lib/sha256.js"); module.exports = require("node-forge/lib/forge.js");',
      resolveDir: import.meta.dirname,
    }));
  },
};

const common = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  minify: process.argv.includes("--minify"),
  sourcemap: false,
  metafile: true,
  logLevel: "warning",
  legalComments: "none",
  define: { "import.meta.url": "__importMetaUrl" },
  banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  plugins: [leaveOutNative],
};

/** What is built from where; test/architecture reads the metafiles. */
const bundles = [
  {
    name: "extension",
    entry: "extension/vscode/activate.ts",
    outfile: "extension.cjs",
    external: [],
    plugins: [wiringLate, leanVscode],
  },
  {
    name: "wiring",
    entry: "extension/vscode/wireExtension.ts",
    outfile: "wiring.cjs",
    external: [],
    plugins: [forgeLate, leanVscode],
  },
  { name: "node-forge", entry: "node-forge", outfile: "node-forge.cjs", external: [] },
  {
    name: "agent",
    entry: "agent/main.ts",
    outfile: "agent/hwledger-agent.cjs",
    external: [],
    plugins: [leanForge],
    minify: true,
    banner: { js: `#!/usr/bin/env node\n${common.banner.js}` },
  },
  { name: "hwledger", entry: "service/cli/main.ts", outfile: "service/hwledger.cjs", external: [] },
];

/** Pages of the editor's panels: one script and one style sheet each, and nothing else is loaded. */
const pages = ["dashboard", "host", "members", "invite"];

mkdirSync("dist/meta", { recursive: true });
for (const { name, entry, outfile, external, plugins = [], ...own } of bundles) {
  const { metafile } = await build({
    ...common,
    ...own,
    entryPoints: [entry],
    outfile: `dist/${outfile}`,
    external,
    plugins: [...common.plugins, ...plugins],
  });
  writeFileSync(`dist/meta/${name}.json`, JSON.stringify(metafile));
}
// SQLite's native part for every platform, where better-sqlite3 looks for it from the service's bundle: one folder up.
cpSync("node_modules/better-sqlite3/prebuilds", "dist/prebuilds", { recursive: true });
for (const page of pages) {
  const { metafile } = await build({
    ...common,
    entryPoints: [`extension/webview/${page}.ts`, `extension/webview/${page}.css`],
    outdir: "dist/webview",
    platform: "browser",
    format: "iife",
    target: "chrome128",
    legalComments: "eof",
    define: {},
    banner: {},
  });
  writeFileSync(`dist/meta/webview-${page}.json`, JSON.stringify(metafile));
}
