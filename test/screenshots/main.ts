// `npm run screenshots`: walks through the extension's screens in the real editor, over real hosts, and leaves a picture
// of each state in each theme in test-results/screens/. A picture that cannot be taken does not keep the others away.
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startDispatchFixture } from "../e2e/dispatchFixture.ts";
import { startEmptyHanded } from "../e2e/emptyHandedFixture.ts";
import { createAlbum } from "./createAlbum.ts";
import { beginningScreens } from "./beginningScreens.ts";
import { fleetScreens } from "./fleetScreens.ts";
import { memberScreens } from "./memberScreens.ts";

const folder = fileURLToPath(new URL("../../test-results/screens/", import.meta.url));
const wanted = process.argv.slice(2);

if (wanted.length === 0) await rm(folder, { recursive: true, force: true }); // nothing of an earlier state stays
await mkdir(folder, { recursive: true });
const missing: string[] = [];

if (wanted.length === 0 || wanted.includes("fleet")) {
  const fixture = await startDispatchFixture(
    ["rtx-box", "h100-node", "spark", "worn-3090", "stale-a10", "cpu-box"],
    { settings: { "hwledger.notifyWhenJobEnds": "always" } },
  );
  try {
    const album = createAlbum(fixture.editor, folder);
    await fleetScreens(fixture, album);
    missing.push(...album.missing());
  } finally {
    await fixture.stop();
  }
}
if (wanted.length === 0 || wanted.includes("beginning")) {
  const fixture = await startEmptyHanded(["h100-node", "rtx-box", "spark"]);
  try {
    const album = createAlbum(fixture.editor, folder);
    await beginningScreens(fixture, album);
    missing.push(...album.missing());
  } finally {
    await fixture.stop();
  }
}
if (wanted.length === 0 || wanted.includes("members")) {
  const fixture = await startDispatchFixture(["rtx-box"]);
  try {
    const album = createAlbum(fixture.editor, folder);
    await memberScreens(fixture, album);
    missing.push(...album.missing());
  } finally {
    await fixture.stop();
  }
}
console.log(missing.length === 0 ? `All pictures are in ${folder}` : `Missing:\n${missing.join("\n")}`);
process.exit(missing.length === 0 ? 0 : 1);
