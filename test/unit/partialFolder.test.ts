import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  makePartialFolder,
  removeLeftPartials,
  removeNotedPartials,
} from "../../service/backup/partialFolder.ts";

const lockName = "hwledger-partial.lock";

describe("what a killed backup has left", () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "hwledger-partials-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A partial folder as a killed process leaves it, in a folder. */
  function left(folder: string, name: string, lock = ""): string {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, lockName), lock);
    writeFileSync(join(path, "fleet.sqlite"), "secret");
    return path;
  }

  it("is removed, and neither what a process works on nor anything that only looks like it", () => {
    left(dir, "fleet.tar.partial-aaaaaa");
    const held = makePartialFolder(join(dir, "held.tar"));
    writeFileSync(join(held.path, "fleet.sqlite"), "secret");
    mkdirSync(join(dir, "mine.partial-bbbbbb"));
    writeFileSync(join(dir, "mine.partial-bbbbbb", "notes.txt"), "mine");
    left(dir, "partial-folder");
    removeLeftPartials(dir);
    const others = ["mine.partial-bbbbbb", "partial-folder"];
    assert.deepEqual(readdirSync(dir).sort(), [held.path.slice(dir.length + 1), ...others].sort());
    held.remove();
    assert.deepEqual(readdirSync(dir).sort(), others);
  });

  it("keeps nobody from going on where it cannot be looked at, and the rest is removed", () => {
    const home = join(dir, "fleet");
    const notes = join(home, "partials");
    mkdirSync(join(notes, "a-folder"), { recursive: true });
    left(dir, "a.tar.partial-aaaaaa", "no lock of ours, and longer than a head of SQLite's".repeat(20));
    const last = left(join(dir, "stick"), "z.tar.partial-zzzzzz");
    writeFileSync(join(notes, "gone.tar.partial-gggggg"), join(dir, "nowhere"));
    writeFileSync(join(notes, "z.tar.partial-zzzzzz"), join(dir, "stick"));
    removeNotedPartials(home);
    assert.deepEqual([existsSync(last), readdirSync(notes)], [false, ["a-folder"]]);
    assert.deepEqual(readdirSync(dir).sort(), ["a.tar.partial-aaaaaa", "fleet", "stick"]);
  });
});
