import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { admits, type Route } from "../../protocol/route.ts";
import { routes } from "../../protocol/routes.ts";
import { cli } from "./cliFixture.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";

const run = promisify(execFile);

describe("curl", function () {
  this.timeout(60_000);
  let service: TestService;
  let folder: string;
  let host: string;
  /** A parameter's name in the table, and what of it is really there. */
  let real: Record<string, string>;

  before(async () => {
    service = await startTestService();
    folder = mkdtempSync(join(tmpdir(), "hwledger-curl-"));
    host = (await service.client.call("listHosts")).hosts[0]!.name;
    assert.equal((await cli({ home: service.home }, "export", folder)).code, 0);
    const agent = await service.agent(host);
    real = { host, hostId: agent.member };
    writeFileSync(join(folder, "agent.pem"), agent.certificatePem);
    writeFileSync(join(folder, "agent-key.pem"), agent.keyPem, { mode: 0o600 });
  });
  after(async () => {
    await service.end();
    rmSync(folder, { recursive: true, force: true });
  });

  const agentFiles = ["--cacert", "ca.pem", "--cert", "agent.pem", "--key", "agent-key.pem"];
  const files = ["--cacert", "ca.pem", "--cert", "cert.pem", "--key", "key.pem"];

  async function curl(...args: string[]): Promise<string> {
    return (await plainCurl(...files, ...args)).stdout;
  }

  function plainCurl(...args: string[]) {
    return run("curl", ["--silent", "--show-error", "--max-time", "20", ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"] },
    });
  }

  /** Dispatches a shell script to this machine and gives the job's id. */
  async function dispatch(script: string): Promise<string> {
    writeFileSync(join(folder, "main.sh"), script);
    await run("tar", ["-cf", "work.tar", "main.sh"], { cwd: folder });
    const tarBase64 = (await run("base64", ["-w0", "work.tar"], { cwd: folder })).stdout;
    const launch = { kind: "named", candidates: ["sh"], flags: [], language: "shell" };
    const spec = { script: "main.sh", args: [], launch, env: {}, timeoutMs: null };
    const body = JSON.stringify({ host, spec, workspace: { kind: "inline", tarBase64 } });
    writeFileSync(join(folder, "job.json"), body);
    const answer = await curl(
      "-H",
      "content-type: application/json",
      "-d",
      "@job.json",
      `${service.url}/v1/jobs`,
    );
    return (JSON.parse(answer) as { id: string }).id;
  }

  for (const version of ["--http2", "--http1.1"])
    it(`reads the status with the client certificate and full verification, ${version}`, async () => {
      const format = "\n%{http_version} %{ssl_verify_result}";
      const [body = "", facts] = (await curl(version, "-w", format, `${service.url}/v1/status`)).split("\n");
      assert.equal((JSON.parse(body) as { fleetId: string }).fleetId, service.owner.fleetId);
      assert.equal(facts, version === "--http2" ? "2 0" : "1.1 0");
    });

  it("follows a log from an offset to its end", async () => {
    const job = await dispatch("printf 0123456789; sleep 1; printf abcdef");
    assert.equal(await curl(`${service.url}/v1/jobs/${job}/log?offset=4&follow=1`), "456789abcdef");
    assert.equal(await curl("--http1.1", `${service.url}/v1/jobs/${job}/log?offset=16&follow=1`), "");
    assert.match(await curl(`${service.url}/v1/jobs/${job}/log?offset=17`), /offset-beyond-log/);
  });

  describe("over the table of routes", () => {
    const reads = Object.entries<Route>(routes).filter(([, row]) => row.method === "GET");
    before(async () => {
      const job = await dispatch("echo there");
      assert.equal(await curl(`${service.url}/v1/jobs/${job}/log?follow=1`), "there\n");
      real = { ...real, job, member: service.owner.member };
    });

    const isAgents = (row: Route): boolean => admits(row.access, "agent") && !admits(row.access, "admin");

    function urlOf(row: Route): string {
      const path = row.path.replace(/\{(\w+)\}/g, (_slot, name: string) => {
        if (isAgents(row)) return real["hostId"] ?? "";
        assert.ok(real[name], `this test needs a real ${name} for ${row.path}`);
        return encodeURIComponent(real[name]);
      });
      assert.ok(row.query.safeParse({}).success, `this test needs a query for ${row.path}`);
      return service.url + path;
    }

    for (const [name, row] of reads)
      for (const version of ["--http2", "--http1.1"])
        it(`gets ${name} as the table says, ${version}`, async () => {
          const endless = row.answer === "events" ? ["--max-time", "3"] : [];
          const format = "\n%{http_code} %{ssl_verify_result} %{content_type}";
          const shown = isAgents(row) ? agentFiles : files;
          const asked = plainCurl(...shown, version, "-w", format, ...endless, urlOf(row));
          const text = await asked
            .then(({ stdout }) => stdout)
            .catch((error: unknown) => {
              const { code, stdout } = error as { code: number; stdout: string };
              if (row.answer === "events" && code === 28) return stdout; // curl's own limit ended the stream
              throw error;
            });
          const end = text.lastIndexOf("\n");
          const body = text.slice(0, end);
          const type = {
            bytes: "application/octet-stream",
            events: "text/event-stream",
            text: "text/plain;",
          };
          const wanted = typeof row.answer === "string" ? type[row.answer] : "application/json";
          const [status, verified, contentType = ""] = text.slice(end + 1).split(" ");
          assert.deepEqual([status, verified], [String(row.status), "0"], body);
          assert.ok(contentType.startsWith(wanted), contentType);
          assert.notEqual(body, "");
          if (typeof row.answer === "string") return;
          const parsed = row.answer.safeParse(JSON.parse(body));
          assert.ok(parsed.success, `${body.slice(0, 500)}: ${parsed.error?.message}`);
        });

    it("gets nothing without the certificate, and not at all without the CA's", async () => {
      for (const [name, row] of reads.filter(([, one]) => one.access !== "anyone")) {
        const { stdout } = await plainCurl("--cacert", "ca.pem", "-w", "\n%{http_code}", urlOf(row));
        assert.match(stdout, /"code":"no-certificate".*\n401$/, name);
      }
      const [, ...shown] = files.slice(1);
      await assert.rejects(plainCurl(...shown, `${service.url}/v1/status`), { code: 60 });
    });
  });

  it("watches readings as server-sent events", async () => {
    const text = await curl("--max-time", "8", `${service.url}/v1/metrics/stream?host=${host}`).catch(
      (error: unknown) => (error as { stdout: string }).stdout,
    );
    assert.match(text, /^: readings\n\n/);
    const reading = /^event: reading\ndata: (.*)$/m.exec(text)?.[1];
    assert.ok((JSON.parse(reading ?? "{}") as { cpuPct?: unknown }).cpuPct, text.slice(0, 500));
  });

  it("reads an OpenAPI 3.1 document whose parts all exist", async () => {
    const text = await curl(`${service.url}/v1/openapi.json`);
    const document = JSON.parse(text) as {
      openapi: string;
      info: { title: string; version: string };
      paths: Record<
        string,
        Record<
          string,
          {
            operationId: string;
            parameters: { name: string; in: string; required: boolean; schema: object }[];
            responses: Record<string, { description: string }>;
          }
        >
      >;
      components: { schemas: Record<string, unknown> };
    };
    assert.match(document.openapi, /^3\.1\.\d$/);
    assert.ok(document.info.title && document.info.version);
    const ids = new Set<string>();
    for (const [path, operations] of Object.entries(document.paths)) {
      assert.match(path, /^\/(v1\/|metrics$)/);
      for (const [method, operation] of Object.entries(operations)) {
        assert.match(method, /^(get|post|put|patch|delete)$/);
        assert.ok(!ids.has(operation.operationId));
        ids.add(operation.operationId);
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const named = operation.parameters
          .filter((one) => one.in === "path" && one.required)
          .map((one) => one.name);
        assert.deepEqual(named, inPath, `${method} ${path}`);
        for (const [status, response] of Object.entries(operation.responses)) {
          assert.match(status, /^(2\d\d|default)$/);
          assert.ok(response.description);
        }
      }
    }
    for (const [, name = ""] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
      assert.ok(document.components.schemas[name], name);
    assert.equal(/"\$ref":"(?!#\/components\/schemas\/)/.test(text), false);
  });
});
