// `npm run screenshots`: walks through the extension's screens in the real editor, over real hosts, and leaves a picture
// of each state in each theme in test-results/screens/. A picture that cannot be taken does not keep the others away.
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startDispatchFixture } from "../e2e/dispatchFixture.ts";
import { startEmptyHanded } from "../e2e/emptyHandedFixture.ts";
import type { Editor } from "../support/editor/editor.ts";
import { createAlbum, type Album } from "./createAlbum.ts";
import { beginningScreens } from "./beginningScreens.ts";
import { fleetScreens } from "./fleetScreens.ts";
import { memberScreens } from "./memberScreens.ts";
import { restrictedScreens } from "./restrictedScreens.ts";

const folder = fileURLToPath(new URL("../../test-results/screens/", import.meta.url));
const wanted = process.argv.slice(2);

if (wanted.length === 0) await rm(folder, { recursive: true, force: true }); // nothing of an earlier state stays
await mkdir(folder, { recursive: true });
const missing: string[] = [];

/** Walks through a part of the screens, in an editor of its own. */
async function walk<F extends { editor: Editor; stop(): Promise<void> }>(
  name: string,
  start: () => Promise<F>,
  screens: (fixture: F, album: Album) => Promise<void>,
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const fixture = await start();
  try {
    const album = createAlbum(fixture.editor, folder);
    await screens(fixture, album);
    missing.push(...album.missing());
  } finally {
    await fixture.stop();
  }
}

const everyKind = ["rtx-box", "h100-node", "spark", "worn-3090", "stale-a10", "cpu-box"];
const always = { settings: { "hwledger.notifyWhenJobEnds": "always" } };
await walk("fleet", () => startDispatchFixture(everyKind, always), fleetScreens);
await walk("beginning", () => startEmptyHanded(["h100-node", "rtx-box", "spark"]), beginningScreens);
await walk("members", () => startDispatchFixture(["rtx-box"]), memberScreens);
await walk("restricted", () => startDispatchFixture(["rtx-box"], { isRestricted: true }), restrictedScreens);
console.log(missing.length === 0 ? `All pictures are in ${folder}` : `Missing:\n${missing.join("\n")}`);
process.exit(missing.length === 0 ? 0 : 1);
