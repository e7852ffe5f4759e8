import assert from "node:assert/strict";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePrivateFile } from "../../service/pki/writePrivateFile.ts";

describe("a private file", () => {
  const dir = mkdtempSync(join(tmpdir(), "hwledger-private-"));
  after(() => rmSync(dir, { recursive: true, force: true }));

  it("is its writer's alone, whatever others have put beside it or in its place", () => {
    const file = join(dir, "key.pem");
    const elsewhere = join(dir, "elsewhere");
    for (const pid of [process.pid, process.ppid]) {
      writeFileSync(`${file}.${pid}.partial`, "", { mode: 0o666 });
      symlinkSync(elsewhere, `${file}.${pid}`);
    }
    symlinkSync(elsewhere, file);
    writePrivateFile(file, "secret");
    assert.deepEqual([lstatSync(file).isFile(), lstatSync(file).mode & 0o777], [true, 0o600]);
    assert.equal(readFileSync(file, "utf8"), "secret");
    const others = readdirSync(dir).filter(
      (name) => name !== "key.pem" && !lstatSync(join(dir, name)).isSymbolicLink(),
    );
    for (const name of others) assert.equal(readFileSync(join(dir, name), "utf8"), "", name);
  });
});
