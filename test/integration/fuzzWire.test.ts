import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import fc from "fast-check";
import { brokenRequests } from "../support/brokenRequests.ts";
import { requestHttp1, requestHttp2, tlsOptions, type PlainAnswer } from "../support/tlsRequest.ts";
import { refusalIn, startFuzzedService, type FuzzedService } from "./fuzzFixture.ts";
import { rows } from "./accessFixture.ts";
import { jsonHead } from "./wireFixture.ts";

/** A stream of events has no end to wait for. */
const paths = [...new Set(rows.filter(([, row]) => row.answer !== "events").map(([, row]) => row.path))];
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "M-SEARCH"];
const printable = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at));
const visible = fc.string({ unit: fc.constantFrom(...printable), maxLength: 60 });
const percent = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => bytes.reduce((text, byte) => `${text}%${byte.toString(16).padStart(2, "0")}`, ""));
const odd = fc.oneof(
  percent,
  visible.map((text) => text.replace(/[?#]/g, "")),
  fc.constantFrom(
    "..",
    "%2e%2e",
    "%00",
    "%",
    "%c0%af",
    "a".repeat(300),
    "j-0123456789abcdef",
    "\\",
    ";x=1",
    "__proto__",
  ),
);
const queries = fc.oneof(
  fc.constant(""),
  visible.map((text) => `?${text}`),
  fc
    .array(
      fc.tuple(
        fc.constantFrom(
          "limit",
          "cursor",
          "after",
          "before",
          "contains",
          "offset",
          "force",
          "from",
          "__proto__",
          "x",
        ),
        odd,
      ),
      {
        maxLength: 4,
      },
    )
    .map((pairs) => `?${pairs.map((pair) => pair.join("=")).join("&")}`),
);
const targets = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...paths),
      odd.map((text) => `/${text}`),
      odd.map((text) => `/v1/${text}`),
    ),
    odd,
    queries,
  )
  .map(([path, filled, query]) => path.replace(/\{\w+\}/g, () => filled) + query);
const headers = fc.dictionary(
  fc.constantFrom(
    "accept",
    "authorization",
    "cookie",
    "range",
    "if-none-match",
    "idempotency-key",
    "origin",
    "x-forwarded-for",
    "content-encoding",
    "accept-encoding",
    "x-http-method-override",
    "content-type",
    "forwarded",
  ),
  fc.oneof(
    visible,
    fc.constantFrom(
      "Bearer eyJhbGciOiJub25lIn0.e30.",
      "application/json",
      "bytes=0-,1-",
      "127.0.0.1",
      "identity",
      "*/*;q=9",
    ),
  ),
);
const bodies = fc.oneof(fc.constant(null), fc.json(), fc.string({ unit: "binary", maxLength: 300 }));

/** A problem that is the asker's doing, or the answer to a request that happened to be right. */
function assertAnswered(answer: PlainAnswer, what: string): void {
  if (answer.status >= 400) return void refusalIn(answer, what);
  assert.ok(answer.status >= 200 && answer.status < 300, `${what}: ${answer.status}`);
  if (/^application\/json/.test(answer.headers["content-type"] ?? "")) JSON.parse(answer.body);
}

describe("anything on the wire", function () {
  this.timeout(180_000);
  let service: FuzzedService;
  let owner: ClientHttp2Session;
  let nobody: ClientHttp2Session;

  before(async () => {
    service = await startFuzzedService();
    owner = await service.session("owner");
    nobody = await service.session("nobody");
  });
  after(() => service.end());

  it("is answered over HTTP/2, with a problem where it is wrong, and to nobody but a refusal", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        targets,
        headers,
        bodies,
        async (method, path, more, body) => {
          const takesBody = !["GET", "TRACE"].includes(method);
          const head = { ...jsonHead, ...more, ":method": method, ":path": path };
          const sent = takesBody && body !== null ? { text: body } : null;
          const what = `${method} ${path} ${JSON.stringify(more)} ${body}`;
          assertAnswered(await requestHttp2(owner, head, sent), what);
          const refused = refusalIn(await requestHttp2(nobody, head, sent), what);
          if (!/^\/v1\/join(\?|$)/.test(path))
            assert.ok([400, 401].includes(refused.status ?? 0), `${what}: ${refused.code}`);
        },
      ),
      { numRuns: 600 },
    );
    assert.equal(owner.closed || nobody.closed, false);
  });

  it("is answered over HTTP/1.1, also with bytes in its path and headers that are no text", async () => {
    const bytes = fc
      .uint8Array({ maxLength: 60 })
      .map((all) =>
        Buffer.from(all.map((byte) => (byte < 0x20 || byte === 0x7f ? 0x2e : byte))).toString("latin1"),
      );
    const anyPath = fc.oneof(
      targets,
      bytes.map((text) => `/${text.replaceAll(" ", "_")}`),
    );
    const anyHeaders = fc.dictionary(
      fc.constantFrom("accept", "x-a", "x_b", "cookie", "range", "authorization"),
      bytes,
    );
    const tls = tlsOptions(service.owner.caPem, service.owner);
    const h1Methods = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "NONE", "get", "");
    await fc.assert(
      fc.asyncProperty(h1Methods, anyPath, anyHeaders, bodies, async (method, path, more, body) => {
        const headers = { ...jsonHead, ...more };
        const what = `${method} ${path} ${JSON.stringify(more)} ${body}`;
        assertAnswered(
          await requestHttp1(service.port, tls, { method, path, headers, body: body ?? "" }),
          what,
        );
      }),
      { numRuns: 200 },
    );
  });

  it("leaves nothing behind in the service's memory", async () => {
    const token = await service.token();
    const csrs = brokenRequests().filter(([, csrPem]) => csrPem.length <= 16_384);
    const rounds = 6;
    const perRound = 400;
    const sizes: number[] = [];
    for (let round = 0; round < rounds + 2; round += 1) {
      for (let sent = 0; sent < perRound; sent += 20)
        await Promise.all(Array.from({ length: 20 }, (_, lane) => sendOne(sent + lane, round)));
      sizes.push(await service.heapBytes());
    }
    const [early, late] = [sizes.slice(2, 2 + rounds / 2), sizes.slice(2 + rounds / 2)].map(median) as [
      number,
      number,
    ];
    assert.ok(early > 1e6, `${early} bytes are no heap`);
    // 1 200 requests lie between the halves, 300 of each kind: whoever kept one of their texts would add 2 MB and more,
    // or 4 in a hundred. What grows without any fault of ours is a tenth of that.
    assert.ok(late < early * 1.03, `after each round: ${sizes.join(", ")} bytes`);

    async function sendOne(at: number, round: number): Promise<void> {
      const unique = `${round}-${at}-`;
      const [what = "", csrPem = ""] = csrs[at % csrs.length] ?? [];
      switch (at % 4) {
        case 0:
          return void refusalIn(
            await service.join({ token, csrPem: csrPem.length < 2_000 ? csrPem : "x" }),
            what,
          );
        case 1:
          return void refusalIn(
            await service.join({ token: unique.padEnd(200, "t"), csrPem: unique.padEnd(16_000, "c") }),
            "a token",
          );
        case 2: {
          const head = {
            ":method": "GET",
            ":path": `/v1/jobs/${unique}${"p".repeat(4_000)}`,
            cookie: unique.padEnd(4_000, "k"),
          };
          return void refusalIn(await requestHttp2(owner, head), "a path");
        }
        default: {
          const head = { ":method": "POST", ":path": "/v1/tokens", ...jsonHead };
          return void refusalIn(
            await requestHttp2(owner, head, { text: JSON.stringify({ [unique.padEnd(8_000, "b")]: 1 }) }),
            "a body",
          );
        }
      }
    }
  });
});

function median(all: number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;
}
