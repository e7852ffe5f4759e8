import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Identity } from "../../protocol/client/identity.ts";
import type { JobSpec } from "../../protocol/job.ts";
import { problemCatalog } from "../../protocol/problemCatalog.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { Route } from "../../protocol/route.ts";
import { routes } from "../../protocol/routes.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import {
  openHttp2,
  parseAnswer,
  requestHttp1,
  requestHttp2,
  sendRaw,
  tlsOptions,
  type PlainAnswer,
} from "../support/tlsRequest.ts";

const rows = Object.entries<Route>(routes);
const jsonRows = rows.filter(([, row]) => row.body !== null && row.body !== "tar");
const jsonHead = { "content-type": "application/json" };

function problemIn(answer: PlainAnswer, what: string): Problem {
  assert.match(
    answer.headers["content-type"] ?? "",
    /^application\/problem\+json/,
    `${what}: ${answer.body}`,
  );
  const problem = JSON.parse(answer.body) as Problem;
  assert.ok(problem.code in problemCatalog, `${what}: ${problem.code}`);
  assert.equal(answer.status, problem.status, what);
  assert.doesNotMatch(answer.body, /node_modules|SQLITE|SELECT |\.ts:|at async|\/tmp\/hwledger/, what);
  assert.doesNotMatch(answer.body, /\{[a-z]\w*\}/i, `${what} has an empty slot`);
  return problem;
}

describe("bad input on the wire", function () {
  this.timeout(60_000);
  let service: TestService;
  let tls: ConnectionOptions;
  let admin: Identity;
  let session: ClientHttp2Session;
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);

  before(async () => {
    process.on("warning", warn);
    service = await startTestService({
      limits: { bodyMs: 700, workspaceBytes: 100_000, uploadSilenceMs: 700 },
    });
    admin = service.owner;
    tls = tlsOptions(admin.caPem, admin);
    session = await openHttp2(service.port, tls);
  });
  afterEach(async () => {
    assert.equal(
      (await service.client.call("getStatus")).member,
      admin.member,
      "the service does not answer",
    );
  });
  after(async () => {
    session.destroy();
    await service.end();
    process.off("warning", warn);
    assert.deepEqual(warnings.map(String), []);
  });

  const path = (row: Route): string =>
    row.path
      .replace("{job}", "j-0123456789abcdef")
      .replace("{host}", "some-host")
      .replace("{prompt}", "p-0123456789abcdef");

  const send = (row: Route, text: string, headers: Record<string, string> = jsonHead): Promise<PlainAnswer> =>
    requestHttp2(session, { ":method": row.method, ":path": path(row), ...headers }, { text });

  it("is refused where it is not JSON, on every route that takes JSON", async () => {
    for (const [name, row] of jsonRows)
      for (const text of [
        "{",
        "",
        "nul",
        '{"a":1,}',
        "\u0000",
        "[1,2",
        '{"__proto__":{"role":"admin"}}',
        '{"constructor":{"prototype":{}}}',
      ])
        assert.equal(
          problemIn(await send(row, text), `${name} ${text}`).code,
          "broken-json",
          `${name} ${text}`,
        );
  });

  it("is refused where types or members are wrong, on every route that takes JSON", async () => {
    for (const [name, row] of jsonRows)
      for (const text of [
        "null",
        "[]",
        "1",
        '"x"',
        '{"unknown":1}',
        '{"unknown":1,"unknown":2}',
        '{"name":{},"token":7,"role":[],"spec":null,"answer":{}}',
      ])
        assert.equal(
          problemIn(await send(row, text), `${name} ${text}`).code,
          "bad-request",
          `${name} ${text}`,
        );
  });

  it("is refused where a part of a job could not be run or kept in the ledger", async () => {
    const launch = { kind: "named", candidates: ["sh"], flags: [], language: "shell" };
    const spec = { script: "a.sh", args: [], launch, env: {}, timeoutMs: null };
    const workspace = { kind: "inline", tarBase64: "" };
    for (const wrong of [
      { script: "../a.sh" },
      { script: "/etc/passwd" },
      { script: "a/../../b" },
      { script: "" },
      { script: "a\u0000b" },
      { args: ["a\u0000b"] },
      { args: ["\ud800"] },
      { env: { "A-B": "x" } },
      { env: { A: "\u0000" } },
      { timeoutMs: 0 },
      { timeoutMs: 1.5 },
      { timeoutMS: 5 },
      { launch: { ...launch, candidates: [] } },
      { launch: { ...launch, more: 1 } },
    ]) {
      const text = JSON.stringify({ spec: { ...spec, ...wrong }, workspace });
      const problem = problemIn(await send(routes.createJob, text), text);
      assert.equal(problem.code, "bad-request", text);
    }
    assert.deepEqual((await service.client.call("listJobs")).jobs, []);
  });

  it("is refused with another content type", async () => {
    for (const [name, row] of jsonRows)
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/x-tar",
        "multipart/form-data; boundary=x",
        "x",
      ]) {
        const answer = await send(row, "{}", { "content-type": type });
        assert.equal(problemIn(answer, `${name} ${type}`).code, "unsupported-media-type", `${name} ${type}`);
      }
    const answer = await requestHttp2(
      session,
      { ":method": "PUT", ":path": path(routes.uploadWorkspace), ...jsonHead },
      { text: "{}" },
    );
    assert.equal(problemIn(answer, "upload").code, "unsupported-media-type");
  });

  it("is refused when it is compressed", async () => {
    for (const [name, row] of jsonRows) {
      const answer = await send(row, "{}", { ...jsonHead, "content-encoding": "gzip" });
      assert.equal(problemIn(answer, name).code, "unsupported-media-type", name);
    }
    const head = { ":method": "PUT", ":path": path(routes.uploadWorkspace), "content-encoding": "br" };
    const answer = await requestHttp2(
      session,
      { ...head, "content-type": "application/x-tar" },
      { text: "x" },
    );
    assert.equal(problemIn(answer, "upload").code, "unsupported-media-type");
  });

  it("is refused where the body is too large, over both versions", async () => {
    const text = JSON.stringify({ token: "x".repeat(100_000) });
    for (const [name, row] of jsonRows.filter(([, one]) => (one.bodyLimitBytes ?? 65_536) < 100_000)) {
      assert.equal(problemIn(await send(row, text), name).code, "body-too-large", name);
      const h1 = await requestHttp1(service.port, tls, {
        method: row.method,
        path: path(row),
        headers: jsonHead,
        body: text,
      });
      assert.equal(problemIn(h1, name).code, "body-too-large", name);
    }
  });

  it("cuts off a body that never ends, over h2, wherever it is sent", async () => {
    for (const [name, row] of rows.filter(([, one]) => one.answer !== "events")) {
      const type = row.body === "tar" ? "application/x-tar" : "application/json";
      const headers = { ":method": row.method, ":path": path(row), "content-type": type };
      const answer = await requestHttp2(session, headers, { text: '{"a":', endless: true }).catch(
        (error: unknown) => assert.fail(`${name}: ${String(error)}`),
      );
      assert.ok(answer.status > 0, name);
      if (row.body !== null && row.body !== "tar")
        assert.equal(problemIn(answer, name).code, "request-timeout", name);
    }
  });

  it("cuts off a body that never ends, over h1", async () => {
    for (const [name, row] of rows.filter(([, one]) => one.answer !== "events")) {
      const type = row.body === "tar" ? "application/x-tar" : "application/json";
      const head = `${row.method} ${path(row)} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
      const answer = parseAnswer(await sendRaw(service.port, tls, `${head}5\r\n{"a":\r\n`));
      assert.ok(answer.status > 0, name);
      if (row.body !== null && row.body !== "tar") assert.match(answer.body, /request-timeout/, name);
    }
  });

  it("answers 405 with Allow for another method", async () => {
    for (const path of new Set(rows.map(([, row]) => row.path))) {
      const allowed = rows.filter(([, row]) => row.path === path).map(([, row]) => row.method as string);
      const url = path.replace(/\{\w+\}/g, "x");
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].filter(
        (one) => !allowed.includes(one),
      )) {
        const answer = await requestHttp2(session, { ":method": method, ":path": url });
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
      const h1 = await requestHttp1(service.port, tls, { method: "GET", path: trick });
      problemIn(h1, `h1 ${trick}`);
      assert.ok(h1.status >= 400 && h1.status < 500, `${trick}: ${h1.status}`);
      const h2 = await requestHttp2(session, { ":method": "GET", ":path": trick });
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
      "POST /v1/tokens HTTP/1.1\r\nhost: x\r\nexpect: something\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ]) {
      const answer = parseAnswer(await sendRaw(service.port, tls, text));
      assert.equal(answer.status, 400, text.slice(0, 60));
      assert.match(answer.headers["content-type"] ?? "", /problem\+json/, text.slice(0, 60));
    }
  });

  it("with an expectation that nobody has is answered over HTTP/2 too", async () => {
    const head = { ":method": "POST", ":path": path(routes.createToken), ...jsonHead, expect: "something" };
    const answer = await requestHttp2(session, head, { text: "{}" });
    assert.equal(problemIn(answer, "expect").code, "bad-request");
  });

  it("that is not TLS, or TLS and silence cut short, does no harm", async () => {
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x00\x05hello", ""]) {
      const socket = connectTcp(service.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.resume();
      socket.end(bytes);
      await new Promise((resolve) => socket.once("close", resolve));
    }
  });

  it("as a workspace past the limit is cut off", async () => {
    const { hosts } = await service.client.call("listHosts");
    const launch: JobSpec["launch"] = { kind: "named", candidates: ["sh"], flags: [], language: "shell" };
    const spec = { script: "a.sh", args: [], launch, env: {}, timeoutMs: null };
    const body = { host: hosts[0]!.name, spec, workspace: { kind: "upload", bytes: null } as const };
    const job = await service.client.call("createJob", { body });
    const url = `/v1/jobs/${job.id}/workspace`;
    const headers = { ":method": "PUT", ":path": url, "content-type": "application/x-tar" };
    await requestHttp2(session, headers, { text: "x".repeat(300_000) });
    const ended = await service.client.call("getJob", { params: { job: job.id } });
    assert.equal(ended.state, "failed");
    assert.ok(ended.cause?.kind === "not-started", JSON.stringify(ended.cause));
    const again = await requestHttp2(session, headers, { text: "x" });
    assert.equal(problemIn(again, "a second upload").code, "upload-unexpected");
  });
});
