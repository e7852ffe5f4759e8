import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { routes } from "../../protocol/routes.ts";
import { parseAnswer, requestHttp1, requestHttp2, sendRaw } from "../support/tlsRequest.ts";
import { pathOf, rows } from "./accessFixture.ts";
import { jsonHead, problemIn, startWireFixture, type WireFixture } from "./wireFixture.ts";

describe("bad input on the wire", function () {
  this.timeout(60_000);
  let wire: WireFixture;

  before(async () => {
    wire = await startWireFixture();
  });
  afterEach(() => wire.assertAnswers());
  after(() => wire.end());

  it("answers 405 with Allow for another method", async () => {
    for (const path of new Set(rows.map(([, row]) => row.path))) {
      const allowed = rows.filter(([, row]) => row.path === path).map(([, row]) => row.method as string);
      const url = path.replace(/\{\w+\}/g, "x");
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "FOO"].filter(
        (one) => !allowed.includes(one),
      )) {
        const answer = await requestHttp2(wire.session, { ":method": method, ":path": url });
        assert.deepEqual(
          [answer.status, answer.headers["allow"]],
          [405, allowed.join(", ")],
          `${method} ${url}`,
        );
      }
    }
  });

  it("reaches nothing by tricks in the path", async () => {
    for (const trick of [
      "/v1/jobs/../../etc/passwd",
      "/v1/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
      "/v1/jobs/..%2fledger/log",
      "/v1/jobs/j-0123456789abcdef%00/log",
      "/v1/hosts/%00",
      "/v1/hosts/%zz",
      "/v1/hosts/%ff%fe",
      "/v1/hosts/' OR 1=1 --".replaceAll(" ", "%20"),
      `/v1/hosts/${"a".repeat(4_000)}`,
      "/v1//status",
      "/v1/status/",
      "/V1/STATUS",
      "//v1/status",
      "/v1/jobs/j-0123456789ABCDEF",
      "/v1/jobs?limit=0",
      "/v1/jobs?limit=1e9",
      "/v1/jobs?cursor=-1",
      "/v1/jobs?cursor=1;DROP TABLE jobs".replaceAll(" ", "%20"),
      "/v1/jobs?limit=1&limit=2",
      "/v1/ledger?after=-1",
      "/v1/ledger?after=9007199254740993",
      "/v1/jobs/j-0123456789abcdef/log?offset=-1",
      "/v1/jobs/j-0123456789abcdef/log?offset=NaN",
      "/v1/status?unknown=1",
      "/v1/jobs?__proto__=1",
    ]) {
      const h1 = await requestHttp1(wire.service.port, wire.tls, { method: "GET", path: trick });
      problemIn(h1, `h1 ${trick}`);
      assert.ok(h1.status >= 400 && h1.status < 500, `${trick}: ${h1.status}`);
      const h2 = await requestHttp2(wire.session, { ":method": "GET", ":path": trick });
      assert.equal(h2.status, h1.status, trick);
    }
  });

  it("that is hardly HTTP is answered and the connection closed", async () => {
    const flood = Array.from({ length: 3_000 }, (_, n) => `x-${n}: ${"y".repeat(20)}`).join("\r\n");
    for (const text of [
      "GARBAGE\r\n\r\n",
      "GET /v1/status HTTP/9.9\r\nhost: x\r\n\r\n",
      "GET /v1/status HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n",
      `GET /v1/status HTTP/1.1\r\nhost: x\r\n${flood}\r\n\r\n`,
      "POST /v1/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
      "POST /v1/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
      "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
      "POST /v1/tokens HTTP/1.1\r\nhost: x\r\nexpect: something\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ]) {
      const answer = parseAnswer(await sendRaw(wire.service.port, wire.tls, text));
      assert.equal(answer.status, 400, text.slice(0, 60));
      assert.match(answer.headers["content-type"] ?? "", /problem\+json/, text.slice(0, 60));
    }
  });

  it("with an expectation that nobody has is answered over HTTP/2 too", async () => {
    const head = { ":method": "POST", ":path": pathOf(routes.createToken), ...jsonHead, expect: "something" };
    const answer = await requestHttp2(wire.session, head, { text: "{}" });
    assert.equal(problemIn(answer, "expect").code, "bad-request");
  });

  it("as if it were a proxy is answered over HTTP/2 too", async () => {
    const answer = await requestHttp2(wire.session, { ":method": "CONNECT", ":authority": "a:1" });
    assert.equal(problemIn(answer, "connect").code, "bad-request");
  });

  it("that is not TLS, or TLS and silence cut short, does no harm", async () => {
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x00\x05hello", ""]) {
      const socket = connectTcp(wire.service.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.resume();
      socket.end(bytes);
      await new Promise((resolve) => socket.once("close", resolve));
    }
  });
});
