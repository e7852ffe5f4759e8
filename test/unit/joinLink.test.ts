import assert from "node:assert/strict";
import fc from "fast-check";
import { formatJoinLink, parseJoinLink } from "../../protocol/joinLink.ts";
import { Refusal } from "../../protocol/problem.ts";

const ca = "ab".repeat(32);
const token = "T0ken_-".repeat(4);
const link = { url: "https://127.0.0.1:7443", token, caFingerprint: ca };

function refusedFor(text: string): string {
  try {
    parseJoinLink(text);
  } catch (error) {
    if (error instanceof Refusal && error.code === "link-invalid") return String(error.facts["reason"]);
    throw error;
  }
  throw new Error(`it was taken: ${text}`);
}

describe("a join link", () => {
  for (const scheme of ["hwledger", "vscode", "code-oss", "vscode-insiders"])
    it(`of the scheme ${scheme} comes back as it was`, () => {
      assert.deepEqual(parseJoinLink(formatJoinLink(link, scheme)), link);
    });

  it("names the extension in editors' links", () => {
    assert.match(formatJoinLink(link, "vscode"), /^vscode:\/\/hwledger\.hwledger-fleet\/join\?/);
  });

  it("holds any token and address", () => {
    const letters = ["A", "Z", "a", "z", "0", "9", "_", "-"];
    const tokens = fc.array(fc.constantFrom(...letters), { minLength: 20, maxLength: 200 });
    const hosts = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.domain(),
    );
    fc.assert(
      fc.property(tokens, hosts, fc.integer({ min: 1, max: 65_535 }), (chars, host, port) => {
        const any = { url: `https://${host}:${port}`, token: chars.join(""), caFingerprint: ca };
        assert.deepEqual(parseJoinLink(formatJoinLink(any)), any);
      }),
    );
  });

  it("is taken with white space around it, a fingerprint in capitals and further fields", () => {
    const text = `  ${formatJoinLink({ ...link, caFingerprint: ca.toUpperCase() })}&windowId=3\n`;
    assert.deepEqual(parseJoinLink(text), link);
  });

  const wrong: [string, string, RegExp][] = [
    ["nothing", "", /does not look like/],
    ["another page", "https://example.org/?url=x", /does not look like/],
    ["a link without a question mark", "hwledger://join", /does not look like/],
    ["http", formatJoinLink({ ...link, url: "http://127.0.0.1:7443" }), /url/],
    ["an address without a port", formatJoinLink({ ...link, url: "https://127.0.0.1" }), /url/],
    ["port 0", formatJoinLink({ ...link, url: "https://127.0.0.1:0" }), /url/],
    ["a port past 65535", formatJoinLink({ ...link, url: "https://127.0.0.1:65536" }), /url/],
    ["a user in the address", formatJoinLink({ ...link, url: "https://a@b:1" }), /url/],
    ["a backslash in the address", formatJoinLink({ ...link, url: "https://good\\evil:1" }), /url/],
    ["a path behind the address", formatJoinLink({ ...link, url: "https://a:1/b" }), /url/],
    ["a token cut short", formatJoinLink({ ...link, token: "short" }), /token/],
    ["a token with a line break", formatJoinLink({ ...link, token: `${token}\nx` }), /token/],
    ["a fingerprint cut short", formatJoinLink({ ...link, caFingerprint: ca.slice(1) }), /fingerprint/],
    ["a broken percent sign", `hwledger://join?url=%zz&token=${token}&ca=${ca}`, /percent/],
    ["no fields", "hwledger://join?", /does not look like|url/],
  ];
  for (const [what, text, reason] of wrong)
    it(`is refused with ${what}`, () => {
      assert.match(refusedFor(text), reason);
    });
});
