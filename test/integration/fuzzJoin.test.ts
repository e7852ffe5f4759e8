import assert from "node:assert/strict";
import fc from "fast-check";
import { brokenRequests, longestRequest, unusualRequests } from "../support/brokenRequests.ts";
import { certificateRequest } from "../support/certificates.ts";
import { refusalIn, startFuzzedService, type FuzzedService } from "./fuzzFixture.ts";

describe("joining with anything", function () {
  this.timeout(120_000);
  let service: FuzzedService;

  before(async () => {
    service = await startFuzzedService();
  });
  after(() => service.end());

  it("is refused for every broken certificate request, and the token can still be used", async () => {
    const token = await service.token();
    for (const [what, csrPem] of brokenRequests()) {
      const { code } = refusalIn(await service.join({ token, csrPem }), what);
      // Line ends take twice the space in JSON.
      const isLong = JSON.stringify(csrPem).length > longestRequest;
      const early = isLong ? "|bad-request|body-too-large" : "";
      assert.match(code, new RegExp(`^(csr-invalid|csr-key-unsupported${early})$`), what);
    }
    const { status, body } = await service.join({ token, csrPem: certificateRequest().csrPem, name: "ada" });
    assert.equal(status, 200, body);
  });

  it("is granted for requests that are unusual, under the name that was asked for", async () => {
    for (const [what, csrPem] of unusualRequests()) {
      const { status, body } = await service.join({ token: await service.token(), csrPem, name: "odd" });
      assert.equal(status, 200, `${what}: ${body}`);
      assert.match((JSON.parse(body) as { member: string }).member, /^odd(-\d+)?$/, what);
    }
  });

  it("is refused for a request or a body of 64 kB", async () => {
    const token = await service.token();
    const { csrPem } = certificateRequest();
    for (const body of [
      { token, csrPem: csrPem + "A".repeat(65_536 - csrPem.length) },
      { token, csrPem, name: "n".repeat(65_536) },
      { token: "t".repeat(65_536), csrPem },
      `${JSON.stringify({ token, csrPem })}${" ".repeat(65_536)}`,
      "[".repeat(65_536),
    ])
      assert.equal(refusalIn(await service.join(body), "64 kB").code, "body-too-large");
  });

  it("is refused for tokens that look like something", async () => {
    const { csrPem } = certificateRequest();
    const jwt = (head: object, body: object, tail = ""): string =>
      [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".") +
      `.${tail}`;
    const fresh = await service.token();
    for (const token of [
      jwt({ alg: "none" }, { role: "admin" }),
      jwt({ alg: "HS256", typ: "JWT" }, { sub: "ada", exp: 9e9 }, "c2lnbmF0dXJl"),
      jwt({ alg: "RS256", jku: "https://127.0.0.1:1/keys" }, {}, "A".repeat(60)),
      `Bearer ${fresh}`,
      ` ${fresh}`,
      `${fresh}\0`,
      fresh.slice(1),
      fresh.toUpperCase() === fresh ? fresh.toLowerCase() : fresh.toUpperCase(),
      `${fresh}' OR '1'='1`,
      "%".repeat(200),
      "\u202e".repeat(20),
      "\ud800".repeat(20),
      "\0".repeat(20),
    ])
      assert.match(
        refusalIn(await service.join({ token, csrPem }), token).code,
        /^(token-unknown|bad-request)$/,
        token,
      );
    for (const token of [null, 0, true, [], [fresh], { $ne: "" }, "", "x".repeat(201)])
      assert.equal(
        refusalIn(await service.join({ token, csrPem }), JSON.stringify(token)).code,
        "bad-request",
      );
  });

  it("is refused for any JSON and for any text", async () => {
    const { csrPem } = certificateRequest();
    const token = await service.token();
    const good = JSON.stringify({ token, csrPem, name: "ada" });
    const bodies = fc.oneof(
      fc.json({ maxDepth: 6 }),
      fc.string({ unit: "binary", maxLength: 500 }),
      fc
        .record({
          token: fc.oneof(fc.jsonValue(), fc.constant(token)),
          csrPem: fc.jsonValue(),
          name: fc.jsonValue(),
        })
        .map((body) => JSON.stringify(body)),
      fc
        .tuple(fc.nat(good.length - 1), fc.string({ unit: "binary", maxLength: 5 }))
        .map(([at, text]) => good.slice(0, at) + text),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (text) => {
        const { code } = refusalIn(await service.join(text), text);
        assert.match(code, /^(broken-json|bad-request|token-unknown|csr-invalid)$/, text);
      }),
      { numRuns: 300 },
    );
    assert.equal((await service.join(good)).status, 200);
  });
});
