// `npm run screenshots`: runs the end-to-end test, which takes them in the real editor, and keeps the README's.
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { build, root } from "./build.mjs";
import { ensureEditor } from "./installEditor.mjs";
import { runSteps, suite } from "./steps.mjs";
import { ensureSystemPackages, testPackages } from "./systemPackages.mjs";

await ensureSystemPackages(testPackages);
await ensureEditor({ log: console.log });
build();
process.on("exit", (code) => {
  if (code !== 0) return;
  copyFileSync(join(root, "test-results", "dispatched-dark.png"), join(root, "media", "screenshot.png"));
  console.log("test-results/ has all of them; media/screenshot.png is the README's.");
});
await runSteps([suite("the real editor", ["test/e2e/dispatch.test.ts"])]);
