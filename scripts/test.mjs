// `npm test`: everything, including the real editor. Installs the counterparts it needs.
import { build } from "./build.mjs";
import { ensureEditor } from "./installEditor.mjs";
import { checkSteps, runSteps, suite } from "./steps.mjs";
import { ensureSystemPackages, testPackages } from "./systemPackages.mjs";

const startMs = performance.now();
const done = (what) =>
  console.log(`ok    ${((performance.now() - startMs) / 1_000).toFixed(1).padStart(7)} s  ${what}`);

try {
  await ensureSystemPackages(testPackages);
  done("system packages are there");
  await ensureEditor({ log: console.log });
  done("the editor is there");
  console.log(build());
  done("built");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("\n0 passed, 1 failed");
  process.exit(1);
}
await runSteps([
  ...checkSteps(),
  suite("integration", ["test/integration/**/*.test.ts"], 2_400_000),
  suite("the real editor", ["test/e2e/**/*.test.ts"], 2_400_000),
]);
