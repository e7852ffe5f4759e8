import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { Refusal } from "../../protocol/problem.ts";
import { publicKeyOfRequest } from "../../service/pki/x509.ts";
import { brokenRequests, unusualRequests } from "../support/brokenRequests.ts";
import { certificateRequest } from "../support/certificates.ts";
import { bytesOf, pemOf } from "../support/der.ts";

/** Code of the refusal; empty where the request was taken. Anything else that is thrown goes on. */
function codeOf(csrPem: string): string {
  try {
    publicKeyOfRequest(csrPem);
    return "";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe("a certificate request", function () {
  this.timeout(60_000);

  it("that is broken is refused, whatever is broken about it", () => {
    for (const [what, csrPem] of brokenRequests())
      assert.match(codeOf(csrPem), /^csr-(invalid|key-unsupported)$/, what);
  });

  it("that is unusual is taken", () => {
    for (const [what, csrPem] of unusualRequests()) assert.equal(codeOf(csrPem), "", what);
  });

  it("of 64 kB is read or refused", () => {
    const { csrPem } = certificateRequest();
    for (const long of [
      csrPem.replace("-----END", `${"A\n".repeat(32_768)}-----END`),
      `-----BEGIN CERTIFICATE REQUEST-----${"\n\n".repeat(32_768)}`,
      pemOf("CERTIFICATE REQUEST", Buffer.alloc(49_152, 0x30)),
    ])
      assert.equal(codeOf(long), "csr-invalid", long.slice(0, 60));
  });

  it("with any of its bytes changed is refused: its signature covers all", () => {
    const { csrPem } = certificateRequest();
    const whole = bytesOf(csrPem);
    const place = fc.integer({ min: 0, max: whole.length - 1 });
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(whole);
        bytes.writeUInt8(bytes.readUInt8(at) ^ change, at);
        const code = codeOf(pemOf("CERTIFICATE REQUEST", bytes));
        if (code !== "") return;
        // What is not signed: how lengths and the signature's algorithm are written.
        const key = createPublicKey(publicKeyOfRequest(pemOf("CERTIFICATE REQUEST", bytes)));
        assert.ok(key.equals(createPublicKey(publicKeyOfRequest(csrPem))));
      }),
    );
  });

  it("made of any text or bytes is refused", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 2_000 }),
      fc.uint8Array({ maxLength: 2_000 }).map((bytes) => pemOf("CERTIFICATE REQUEST", Buffer.from(bytes))),
    );
    fc.assert(fc.property(anyText, (text) => assert.notEqual(codeOf(text), "")));
  });
});
