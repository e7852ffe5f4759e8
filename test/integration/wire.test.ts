import assert from "node:assert/strict";
import type { JobSpec } from "../../protocol/job.ts";
import { routes } from "../../protocol/routes.ts";
import { tarOf } from "../support/dispatchBench.ts";
import { parseAnswer, type PlainAnswer, requestHttp1, requestHttp2, sendRaw } from "../support/tlsRequest.ts";
import { pathOf, rows } from "./accessFixture.ts";
import { jsonHead, problemIn, startWireFixture, type WireFixture } from "./wireFixture.ts";

const jsonRows = rows.filter(([, row]) => row.body !== null && row.body !== "tar");

describe("bad input on the wire", function () {
  this.timeout(60_000);
  let wire: WireFixture;

  before(async () => {
    wire = await startWireFixture();
  });
  afterEach(() => wire.assertAnswers());
  after(() => wire.end());

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
          problemIn(await wire.send(row, text), `${name} ${text}`).code,
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
          problemIn(await wire.send(row, text), `${name} ${text}`).code,
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
      const problem = problemIn(await wire.send(routes.createJob, text), text);
      assert.equal(problem.code, "bad-request", text);
    }
    assert.deepEqual((await wire.service.client.call("listJobs")).jobs, []);
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
        const answer = await wire.send(row, "{}", { "content-type": type });
        assert.equal(problemIn(answer, `${name} ${type}`).code, "unsupported-media-type", `${name} ${type}`);
      }
    const answer = await requestHttp2(
      wire.session,
      { ":method": "PUT", ":path": pathOf(routes.uploadWorkspace), ...jsonHead },
      { text: "{}" },
    );
    assert.equal(problemIn(answer, "upload").code, "unsupported-media-type");
  });

  it("is refused when it is compressed", async () => {
    for (const [name, row] of jsonRows) {
      const answer = await wire.send(row, "{}", { ...jsonHead, "content-encoding": "gzip" });
      assert.equal(problemIn(answer, name).code, "unsupported-media-type", name);
    }
    const head = { ":method": "PUT", ":path": pathOf(routes.uploadWorkspace), "content-encoding": "br" };
    const answer = await requestHttp2(
      wire.session,
      { ...head, "content-type": "application/x-tar" },
      { text: "x" },
    );
    assert.equal(problemIn(answer, "upload").code, "unsupported-media-type");
  });

  it("is refused where the body is too large, over both versions", async () => {
    const text = JSON.stringify({ token: "x".repeat(100_000) });
    for (const [name, row] of jsonRows.filter(([, one]) => (one.bodyLimitBytes ?? 65_536) < 100_000)) {
      assert.equal(problemIn(await wire.send(row, text), name).code, "body-too-large", name);
      const h1 = await requestHttp1(wire.service.port, wire.tls, {
        method: row.method,
        path: pathOf(row),
        headers: jsonHead,
        body: text,
      });
      assert.equal(problemIn(h1, name).code, "body-too-large", name);
    }
  });

  it("cuts off a body that never ends, over h2, wherever it is sent", async () => {
    for (const [name, row] of rows.filter(([, one]) => one.answer !== "events")) {
      const type = row.body === "tar" ? "application/x-tar" : "application/json";
      const headers = { ":method": row.method, ":path": pathOf(row), "content-type": type };
      const answer = await requestHttp2(wire.session, headers, { text: '{"a":', endless: true }).catch(
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
      const head = `${row.method} ${pathOf(row)} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
      const answer = parseAnswer(await sendRaw(wire.service.port, wire.tls, `${head}5\r\n{"a":\r\n`));
      assert.ok(answer.status > 0, name);
      if (row.body !== null && row.body !== "tar") assert.match(answer.body, /request-timeout/, name);
    }
  });

  it("as a workspace announced past the limit is refused, and no job is made", async () => {
    const { client } = wire.service;
    const { hosts } = await client.call("listHosts");
    const launch: JobSpec["launch"] = { kind: "named", candidates: ["sh"], flags: [], language: "shell" };
    const spec = { script: "a.sh", args: [], launch, env: {}, timeoutMs: null };
    const body = { host: hosts[0]!.name, spec, workspace: { kind: "upload", bytes: 1e12 } as const };
    const before = (await client.call("listJobs")).jobs.length;
    await assert.rejects(client.call("createJob", { body }), /the limit is 100000/);
    assert.equal((await client.call("listJobs")).jobs.length, before);
  });

  for (const version of ["h1", "h2"] as const)
    it(`as a workspace past the limit is cut off, over ${version}, and the job says why it never ran`, async () => {
      const { hosts } = await wire.service.client.call("listHosts");
      const launch: JobSpec["launch"] = { kind: "named", candidates: ["sh"], flags: [], language: "shell" };
      const spec = { script: "a.sh", args: [], launch, env: {}, timeoutMs: null };
      const body = { host: hosts[0]!.name, spec, workspace: { kind: "upload", bytes: null } as const };
      const job = await wire.service.client.call("createJob", { body });
      const url = `/v1/jobs/${job.id}/workspace`;
      const type = { "content-type": "application/x-tar" };
      // ASCII and NUL only, so that it is the same bytes as text.
      const tar = tarOf({ "a.sh": "exit 0\n", data: "x".repeat(300_000) }).toString("latin1");
      const send = (text: string): Promise<PlainAnswer> =>
        version === "h2"
          ? requestHttp2(wire.session, { ":method": "PUT", ":path": url, ...type }, { text })
          : requestHttp1(wire.service.port, wire.tls, {
              method: "PUT",
              path: url,
              headers: type,
              body: text,
            });
      const answer = await send(tar);
      assert.equal(answer.status, 200, answer.body);
      const ended = await wire.service.client.call("getJob", { params: { job: job.id } });
      assert.equal(ended.state, "failed");
      assert.ok(ended.cause?.kind === "not-started", JSON.stringify(ended.cause));
      assert.equal(ended.cause.code, "workspace-too-large");
      assert.match(ended.cause.detail, /the limit is 100000/);
      assert.equal(problemIn(await send("x"), "a second upload").code, "upload-unexpected");
    });
});
