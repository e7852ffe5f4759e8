// `npm run screenshots [-- fleet|beginning|members|restricted]`: walks through every screen in the real editor and keeps the README's.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build, root } from "./build.mjs";
import { ensureEditor } from "./installEditor.mjs";
import { check, runSteps } from "./steps.mjs";
import { ensureSystemPackages, testPackages } from "./systemPackages.mjs";

/** Pictures of the README, by their name in test-results/screens/. */
const kept = {
  "dashboard-dark": "dashboard",
  "host-minutes-dark": "host",
  "jobs-and-log-dark": "jobs",
  "list-dispatch-light": "dispatch",
};
const limitMs = 30 * 60_000;

await ensureSystemPackages(testPackages);
await ensureEditor({ log: console.log });
build();
process.on("exit", () => {
  const folder = join(root, "media", "screenshots");
  mkdirSync(folder, { recursive: true });
  for (const [taken, name] of Object.entries(kept)) {
    const picture = join(root, "test-results", "screens", `${taken}.png`);
    if (existsSync(picture)) copyFileSync(picture, join(folder, `${name}.png`));
  }
});
const program = join(root, "test", "screenshots", "main.ts");
await runSteps([check("every screen", process.execPath, [program, ...process.argv.slice(2)], limitMs)]);
