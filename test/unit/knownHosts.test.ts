import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { decideHostKey, hostKeyAlgorithms, type HostKeyRules } from "../../service/ssh/decideHostKey.ts";
import { readHostKeyBlob } from "../../service/ssh/hostKeyBlob.ts";
import { checkKnownHosts, knownHostNames, parseKnownHosts } from "../../service/ssh/knownHosts.ts";

/** A key blob of a type: enough for everything but cryptography. */
function aKey(type: string, fill: number) {
  const name = Buffer.from(type);
  const body = Buffer.alloc(32, fill);
  const length = (bytes: Buffer) => Buffer.from([0, 0, 0, bytes.length]);
  return readHostKeyBlob(Buffer.concat([length(name), name, length(body), body]));
}
const mine = aKey("ssh-ed25519", 1);
const other = aKey("ssh-ed25519", 2);
const rsa = aKey("ssh-rsa", 3);
const line = (hosts: string, key = mine) => `${hosts} ${key.type} ${key.base64} a comment\n`;
const check = (text: string, name: string | string[], key = mine) =>
  checkKnownHosts(parseKnownHosts(text, "kh"), [name].flat(), key).kind;

describe("known_hosts", () => {
  it("knows a host by name, list, wildcard and port", () => {
    assert.equal(check(line("box"), "box"), "known");
    assert.equal(check(line("other,BOX"), "box"), "known");
    assert.equal(check(line("*.lan"), "box.lan"), "known");
    assert.equal(check(line("bo?"), "box"), "known");
    assert.equal(check(line("[box]:2222"), "[box]:2222"), "known");
    assert.equal(check(line("2001:db8::10"), "2001:db8::10"), "known");
    assert.equal(check(line("[box]:2222"), "box"), "unknown");
    assert.equal(check(line("box.lan"), "boxxlan"), "unknown");
  });

  it("leaves out hosts that a line negates", () => {
    assert.equal(check(line("*.lan,!router.lan"), "router.lan"), "unknown");
    assert.equal(check(line("!router.lan,*.lan"), "router.lan"), "unknown");
    assert.equal(check(line("*.lan,!router.lan"), "box.lan"), "known");
  });

  it("knows a host by a hashed name", () => {
    const salt = Buffer.alloc(20, 7);
    const hash = createHmac("sha1", salt).update("[box]:2222").digest("base64");
    const text = line(`|1|${salt.toString("base64")}|${hash}`);
    assert.equal(check(text, "[box]:2222"), "known");
    assert.equal(check(text, "box"), "unknown");
  });

  it("calls a key changed only when the host has another of the same type", () => {
    assert.equal(check(line("box", other), "box"), "changed");
    assert.equal(check(line("box", rsa), "box"), "unknown");
    assert.equal(check(line("box", rsa) + line("box"), "box"), "known");
    assert.equal(check(line("box", other) + line("box"), "box"), "known");
  });

  it("names the expected key and its line", () => {
    const verdict = checkKnownHosts(parseKnownHosts(`# x\n\n${line("box", other)}`, "kh"), ["box"], mine);
    assert.deepEqual(verdict, { kind: "changed", expected: other.fingerprint, source: "kh, line 3" });
  });

  it("takes the line without a port as a voucher, not as a contradiction", () => {
    const names = knownHostNames({ hostname: "Box", port: 2222, hostKeyAlias: null });
    assert.deepEqual(names, ["[box]:2222", "box"]);
    assert.equal(check(line("box"), names), "known");
    assert.equal(check(line("box", other), names), "unknown");
  });

  it("ignores the port under a HostKeyAlias", () => {
    assert.deepEqual(knownHostNames({ hostname: "box", port: 2222, hostKeyAlias: "Fleet" }), ["fleet"]);
  });

  it("refuses a revoked key though another line knows it", () => {
    assert.equal(check(line("box") + `@revoked ${line("*")}`, "box"), "revoked");
    assert.equal(check(line("box") + `@revoked ${line("*", other)}`, "box"), "known");
  });

  it("does not take a certificate authority's key for a host key", () => {
    assert.equal(check(`@cert-authority ${line("box")}`, "box"), "unknown");
  });

  it("skips what it does not understand", () => {
    const text = `box\nbox ssh-ed25519\nbox 2048 65537 12345\n@new ${line("box")}box ssh-ed25519 ***\r\n`;
    assert.deepEqual(parseKnownHosts(text, "kh"), []);
    assert.equal(parseKnownHosts(`\t ${line("box").replace("\n", "\r\n")}`, "kh").length, 1);
  });
});

describe("the decision on a host key", () => {
  const rules = (changes: Partial<HostKeyRules> & { text?: string } = {}): HostKeyRules => ({
    host: "rtx-box",
    address: "box",
    pinned: null,
    accepted: null,
    names: ["box"],
    lines: parseKnownHosts(changes.text ?? "", "kh"),
    ...changes,
  });
  const decide = (given: HostKeyRules, key = mine) => {
    const decision = decideHostKey(given, key);
    return decision.kind === "refuse" ? decision.refusal.code : decision.kind;
  };

  it("asks when nothing vouches for the key", () => {
    assert.equal(decide(rules()), "ask");
  });

  it("follows the pinned fingerprint before all else", () => {
    assert.equal(decide(rules({ pinned: mine.fingerprint, text: line("box", other) })), "accept");
    assert.equal(decide(rules({ pinned: `${mine.fingerprint}=` })), "accept");
    assert.equal(decide(rules({ pinned: other.fingerprint, text: line("box") })), "host-key-changed");
    assert.equal(
      decide(rules({ pinned: other.fingerprint, accepted: mine.fingerprint })),
      "host-key-changed",
    );
  });

  it("accepts what was accepted earlier or is known, and refuses what contradicts that", () => {
    assert.equal(decide(rules({ accepted: mine.fingerprint })), "accept");
    assert.equal(decide(rules({ text: line("box") })), "accept");
    assert.equal(decide(rules({ accepted: other.fingerprint })), "host-key-changed");
    assert.equal(decide(rules({ text: line("box", other) })), "host-key-changed");
  });

  it("accepts no revoked key, pinned or not", () => {
    const text = `@revoked ${line("*")}`;
    assert.equal(decide(rules({ pinned: mine.fingerprint, text })), "host-key-revoked");
  });

  it("lets a pinned host show a key of another type first", () => {
    const decision = decideHostKey(rules({ pinned: rsa.fingerprint }), mine);
    assert.equal(decision.kind === "refuse" && decision.otherType, true);
    const left = hostKeyAlgorithms(rules({ pinned: rsa.fingerprint }), new Set([mine.type]));
    assert.equal(left.includes("ssh-ed25519"), false);
    assert.equal(left.includes("rsa-sha2-512"), true);
  });

  it("asks the host first for the types that known_hosts has", () => {
    const text = line("box", rsa);
    assert.deepEqual(hostKeyAlgorithms(rules({ text }), new Set()).slice(0, 3), [
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-ed25519",
    ]);
  });
});
