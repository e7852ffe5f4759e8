import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import { openCaFiles } from "../../service/pki/caFiles.ts";
import { rsaKeyPem } from "../../service/pki/x509.ts";

describe("the fleet's CA in its file", () => {
  let directory: string;
  before(() => void (directory = mkdtempSync(join(tmpdir(), "hwledger-ca-"))));
  after(() => rmSync(directory, { recursive: true }));

  it("is read as it was made, and told as damaged when its parts are not of one CA", () => {
    const ca = openCaFiles(directory, () => "f-1", Date.now()).current();
    assert.deepEqual(openCaFiles(directory, () => "f-2", Date.now()).current(), ca);
    const file = join(directory, "ca.json");
    const text = readFileSync(file, "utf8");
    for (const damaged of [
      "",
      text.slice(0, -10),
      JSON.stringify({ ...ca, fleetId: "f-2" }),
      JSON.stringify({ ...ca, fingerprint: "0".repeat(64) }),
      JSON.stringify({ ...ca, keyPem: rsaKeyPem(2048) }),
      JSON.stringify({ ...ca, keyPem: "no key" }),
    ]) {
      writeFileSync(file, damaged);
      assert.throws(
        () => openCaFiles(directory, () => "f-2", Date.now()).current(),
        (error) => error instanceof Refusal && error.code === "ca-damaged",
      );
    }
  });
});
