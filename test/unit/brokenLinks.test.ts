import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { identitySchema, type Identity } from "../../protocol/client/identity.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { formatJoinLink, parseJoinLink, type JoinLink } from "../../protocol/joinLink.ts";
import { Refusal, RemoteProblem } from "../../protocol/problem.ts";
import { readMembership } from "../../service/cli/readMembership.ts";
import { makeCa } from "../../service/pki/x509.ts";
import { userCertificate } from "../support/certificates.ts";
import { refusalOf } from "../support/refusalOf.ts";

const link = {
  url: "https://127.0.0.1:7443",
  token: "T0ken_-".repeat(4),
  caFingerprint: "ab".repeat(32),
};
/** What stands in links, and what breaks what reads them. */
const pieces = fc.oneof(
  fc.constantFrom(
    "hwledger://join?",
    "vscode://x/join?",
    "url=",
    "token=",
    "ca=",
    "&",
    "=",
    "%",
    "%00",
    "%zz",
    "#",
  ),
  fc.constantFrom(
    "https://",
    "https%3A%2F%2F",
    "@",
    "[",
    "]",
    ":",
    "/",
    "\\",
    "..",
    "\0",
    "\r\n",
    "\u202e",
    "\ud800",
  ),
  fc.constantFrom("__proto__", "constructor", "eyJhbGciOiJub25lIn0.e30.", "1".repeat(64), "ab".repeat(32)),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.string({ unit: "binary", maxLength: 20 }),
);

/** The link that a text is; null where it is refused as one. Anything else that is thrown goes on. */
function linkIn(text: string): JoinLink | null {
  try {
    return parseJoinLink(text);
  } catch (error) {
    if (error instanceof Refusal && error.code === "link-invalid") return null;
    throw error;
  }
}

describe("a broken join link", () => {
  it("is refused as one or holds nothing but address, token and fingerprint", () => {
    const good = formatJoinLink(link);
    const texts = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((all) => all.join("")),
      fc
        .tuple(fc.nat(good.length), fc.nat(12), pieces)
        .map(([at, cut, piece]) => good.slice(0, at) + piece + good.slice(at + cut)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const found = linkIn(text);
        if (found === null) return;
        assert.match(found.url, /^https:\/\/[^/@?#\s]+:\d+$/);
        assert.match(found.token, /^[\w-]{20,200}$/);
        assert.match(found.caFingerprint, /^[0-9a-f]{64}$/);
        assert.deepEqual(linkIn(formatJoinLink(found)), found);
      }),
      { numRuns: 500 },
    );
  });

  it("of a megabyte is refused at once", () => {
    for (const text of [
      "hwledger://join?" + "&".repeat(1e6),
      " ".repeat(1e6),
      "a".repeat(1e6) + "://",
      "hwledger://" + "/join".repeat(2e5),
    ])
      assert.equal(linkIn(text), null);
  });

  it("whose address is none is refused before anything is tried", async () => {
    for (const host of ["[::::]", "[1.2.3.4]", "1.2.3.4.5", "256.1.1.1", "1.2.3.300", "0x1.0x2.0x3.0x1ff"]) {
      const text = formatJoinLink({ ...link, url: `https://${host}:7443` });
      assert.equal((await refusalOf(joinFleet(text))).code, "link-invalid", host);
    }
  });
});

describe("a damaged membership", () => {
  let folder: string;
  let whole: Identity;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "hwledger-membership-"));
    const ca = makeCa("11111111-2222-3333-4444-555555555555", Date.now());
    whole = {
      ...userCertificate(ca, "spiffe://11111111-2222-3333-4444-555555555555/user/ada"),
      url: link.url,
      fleetId: "11111111-2222-3333-4444-555555555555",
      caFingerprint: link.caFingerprint,
      caPem: ca.certificatePem,
      member: "ada",
      role: "viewer",
      notAfterMs: 1,
    };
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Whether the text is read as a membership; false where it is told as damaged. Anything else that is thrown goes on. */
  function isRead(text: string): boolean {
    const file = join(folder, "identity.json");
    writeFileSync(file, text);
    try {
      const identity = readMembership(file);
      assert.ok(identity);
      createRouteClient(identity).close();
      return true;
    } catch (error) {
      if (error instanceof RemoteProblem && error.problem.code === "not-joined") return false;
      throw error;
    }
  }

  it("is told as damaged where its text was cut off anywhere", () => {
    const text = JSON.stringify(whole);
    assert.ok(isRead(text));
    fc.assert(fc.property(fc.nat(text.length - 1), (at) => assert.equal(isRead(text.slice(0, at)), false)));
  });

  it("is told as damaged where a part is something else", () => {
    const names = fc.constantFrom(...Object.keys(identitySchema.shape));
    const values = fc.oneof(
      fc.jsonValue(),
      pieces,
      fc.constant(whole.caPem.slice(0, 300)),
      fc.constant("9".repeat(1_000)),
    );
    fc.assert(
      fc.property(names, values, (name, value) => {
        // Nothing but the fleet can say whether one of these is the right one, where it has their shape.
        const isOpaque = [
          ...["url", "fleetId", "member", "role", "notAfterMs"],
          ...["caFingerprint", "bundleToken", "bundleSeenAtMs"],
        ].includes(name);
        const taken = isRead(JSON.stringify({ ...whole, [name]: value }));
        if (taken) assert.ok(isOpaque || value === whole[name as keyof Identity], name);
        if (taken && isOpaque) identitySchema.parse({ ...whole, [name]: value });
      }),
    );
  });

  it("is told as damaged where it is any other JSON", () => {
    fc.assert(fc.property(fc.json(), (text) => assert.equal(isRead(text), false)));
  });
});
