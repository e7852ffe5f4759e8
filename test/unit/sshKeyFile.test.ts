import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { parseKeyText, readKeyFile } from "../../service/ssh/readKeyFile.ts";

describe("a key file", function () {
  this.timeout(20_000);
  let dir = "";
  before(() => {
    dir = mkdtempSync(join(os.tmpdir(), "hwl-keys-"));
  });
  after(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  const keygen = (name: string, ...args: string[]): string => {
    const file = join(dir, name);
    execFileSync("ssh-keygen", ["-q", "-f", file, ...args]);
    return file;
  };

  it("may be of any type and format that ssh-keygen writes", async () => {
    for (const args of [
      ["ed25519"],
      ["ecdsa"],
      ["rsa"],
      ["rsa", "-m", "PEM"],
      ["ecdsa", "-m", "PEM"],
      ["rsa", "-m", "PKCS8"],
    ]) {
      const file = keygen(`open-${args.join("")}`, "-t", ...args, "-N", "");
      assert.equal((await readKeyFile(file)).kind, "open", args.join(" "));
    }
  });

  it("may be PKCS#8, which ssh2 does not read, encrypted too", () => {
    const formats = [
      generateKeyPairSync("ed25519"),
      generateKeyPairSync("rsa", { modulusLength: 2048 }),
      generateKeyPairSync("ec", { namedCurve: "P-256" }),
    ];
    for (const { privateKey } of formats) {
      const plain = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      assert.equal(parseKeyText(plain).kind, "open", privateKey.asymmetricKeyType);
      const cipher = { cipher: "aes-256-cbc", passphrase: "pass" };
      const locked = parseKeyText(privateKey.export({ type: "pkcs8", format: "pem", ...cipher }).toString());
      assert.ok(locked.kind === "locked");
      assert.equal(locked.unlock("wrong"), null);
      assert.notEqual(locked.unlock("pass"), null);
    }
  });

  it("shows its public half while it is locked", async () => {
    for (const args of [["ed25519"], ["rsa", "-m", "PEM"]]) {
      const file = keygen(`locked-${args.join("")}`, "-t", ...args, "-N", "pass phrase");
      const key = await readKeyFile(file);
      assert.ok(key.kind === "locked", args.join(" "));
      const blob = readFileSync(`${file}.pub`, "utf8").split(" ")[1] ?? "";
      assert.equal(key.publicKey?.getPublicSSH().toString("base64"), blob);
      assert.equal(key.unlock("wrong"), null);
      assert.equal(key.unlock("pass phrase")?.getPublicSSH().toString("base64"), blob);
    }
  });

  it("may be public, missing or no key at all", async () => {
    const file = keygen("pair", "-t", "ed25519", "-N", "");
    assert.equal((await readKeyFile(`${file}.pub`)).kind, "public");
    assert.equal((await readKeyFile(join(dir, "none"))).kind, "missing");
    assert.equal((await readKeyFile(dir)).kind, "unusable");
    const noise = join(dir, "noise");
    writeFileSync(noise, "not a key");
    assert.equal((await readKeyFile(noise)).kind, "unusable");
  });

  it("may need hardware to sign", () => {
    assert.equal(parseKeyText("sk-ssh-ed25519@openssh.com AAAA me").kind, "hardware");
  });
});
