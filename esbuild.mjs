import { cpSync, mkdirSync, writeFileSync } from "node:fs";
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
 * A package of which only few actions need anything: it is evaluated when they first do, not when the bundle is loaded.
 * For CommonJS packages whose importers take their default export.
 */
const evaluateLate = (name) => ({
  name: `evaluate-late-${name}`,
  setup(bundle) {
    const late = "evaluate-late";
    bundle.onResolve({ filter: new RegExp(`^${name}$`) }, ({ path, namespace, pluginData }) =>
      namespace === late || pluginData === late ? undefined : { path, namespace: late },
    );
    bundle.onLoad({ filter: /.*/, namespace: late }, () => ({
      contents: `let real;
module.exports = new Proxy({}, { get: (_, key) => (real ??= require(${JSON.stringify(name)}))[key] });`,
      resolveDir: import.meta.dirname,
    }));
  },
});

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
    external: ["vscode"],
    plugins: [evaluateLate("node-forge")],
  },
  { name: "hwledger", entry: "service/cli/main.ts", outfile: "service/hwledger.cjs", external: [] },
];

/** Pages of the editor's panels: one script and one style sheet each, and nothing else is loaded. */
const pages = ["dashboard", "host"];

mkdirSync("dist/meta", { recursive: true });
for (const { name, entry, outfile, external, plugins = [] } of bundles) {
  const { metafile } = await build({
    ...common,
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
