import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeLeftPrivate, writePrivateFile } from "../../protocol/client/writePrivateFile.ts";

describe("a private file", () => {
  it("is its owner's alone, and its name lasts: its folder is synced once the name is there", () => {
    const folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), "hwledger-private-"));
    const file = join(folder, "ca.json");
    const { fsyncSync } = fs;
    const synced: [string, boolean][] = [];
    fs.fsyncSync = (descriptor) => {
      synced.push([fs.readlinkSync(`/proc/self/fd/${descriptor}`), fs.existsSync(file)]);
      fsyncSync(descriptor);
    };
    syncBuiltinESMExports();
    try {
      writePrivateFile(file, "a key");
    } finally {
      fs.fsyncSync = fsyncSync;
      syncBuiltinESMExports();
    }
    assert.deepEqual(synced.at(-1), [folder, true]);
    assert.deepEqual(fs.readdirSync(folder), ["ca.json"]);
    assert.deepEqual([fs.readFileSync(file, "utf8"), fs.statSync(file).mode & 0o777], ["a key", 0o600]);
    fs.rmSync(folder, { recursive: true });
  });

  it("is its writer's alone, whatever others have put beside it or in its place", () => {
    const folder = fs.mkdtempSync(join(tmpdir(), "hwledger-private-"));
    const file = join(folder, "key.pem");
    const planted = `${file}.${process.pid}.partial`;
    fs.writeFileSync(planted, "", { mode: 0o666 });
    fs.symlinkSync(join(folder, "elsewhere"), file);
    writePrivateFile(file, "secret");
    const stats = fs.lstatSync(file);
    assert.deepEqual([stats.isFile(), stats.mode & 0o777], [true, 0o600]);
    assert.deepEqual([fs.readFileSync(file, "utf8"), fs.readFileSync(planted, "utf8")], ["secret", ""]);
    removeLeftPrivate(folder); // nothing of its own names, nothing that is done
    assert.equal(fs.readFileSync(file, "utf8"), "secret");
    fs.writeFileSync(`${file}.0123456789abcdef.partial`, "half");
    removeLeftPrivate(folder);
    assert.deepEqual(fs.readdirSync(folder).sort(), ["key.pem", planted.slice(folder.length + 1)]);
    fs.rmSync(folder, { recursive: true });
  });

  it("leaves nothing of one that could not be written", () => {
    const folder = fs.mkdtempSync(join(tmpdir(), "hwledger-private-"));
    fs.mkdirSync(join(folder, "key.pem"));
    assert.throws(() => writePrivateFile(join(folder, "key.pem"), "secret"));
    assert.deepEqual(fs.readdirSync(folder), ["key.pem"]);
    fs.rmSync(folder, { recursive: true });
  });
});
