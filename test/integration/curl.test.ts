import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startTestService, type TestService } from "../support/startTestService.ts";

const run = promisify(execFile);

describe("curl", function () {
  this.timeout(60_000);
  let service: TestService;
  let folder: string;
  let host: string;

  before(async () => {
    service = await startTestService();
    folder = mkdtempSync(join(tmpdir(), "hwledger-curl-"));
    host = (await service.client.call("listHosts")).hosts[0]!.name;
    writeFileSync(join(folder, "ca.pem"), service.owner.caPem);
    writeFileSync(join(folder, "cert.pem"), service.owner.certificatePem);
    writeFileSync(join(folder, "key.pem"), service.owner.keyPem, { mode: 0o600 });
  });
  after(async () => {
    await service.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function curl(...args: string[]): Promise<string> {
    const files = ["--cacert", "ca.pem", "--cert", "cert.pem", "--key", "key.pem"];
    const { stdout } = await run(
      "curl",
      ["--silent", "--show-error", "--max-time", "20", ...files, ...args],
      {
        cwd: folder,
        env: { PATH: process.env["PATH"] },
      },
    );
    return stdout;
  }

  for (const version of ["--http2", "--http1.1"])
    it(`reads the status with the client certificate and full verification, ${version}`, async () => {
      const format = "\n%{http_version} %{ssl_verify_result}";
      const [body = "", facts] = (await curl(version, "-w", format, `${service.url}/v1/status`)).split("\n");
      assert.equal((JSON.parse(body) as { fleetId: string }).fleetId, service.owner.fleetId);
      assert.equal(facts, version === "--http2" ? "2 0" : "1.1 0");
    });

  it("follows a log from an offset to its end", async () => {
    const script = "printf 0123456789; sleep 1; printf abcdef";
    writeFileSync(join(folder, "main.sh"), script);
    await run("tar", ["-cf", "work.tar", "main.sh"], { cwd: folder });
    const tarBase64 = (await run("base64", ["-w0", "work.tar"], { cwd: folder })).stdout;
    const spec = {
      script: "main.sh",
      args: [],
      launch: { kind: "named", candidates: ["sh"], flags: [], language: "shell" },
      env: {},
      timeoutMs: null,
    };
    writeFileSync(
      join(folder, "job.json"),
      JSON.stringify({ host, spec, workspace: { kind: "inline", tarBase64 } }),
    );
    const job = JSON.parse(
      await curl("-H", "content-type: application/json", "-d", "@job.json", `${service.url}/v1/jobs`),
    ) as { id: string };
    assert.equal(await curl(`${service.url}/v1/jobs/${job.id}/log?offset=4&follow=1`), "456789abcdef");
    assert.equal(await curl("--http1.1", `${service.url}/v1/jobs/${job.id}/log?offset=16&follow=1`), "");
    assert.match(await curl(`${service.url}/v1/jobs/${job.id}/log?offset=17`), /offset-beyond-log/);
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
      assert.match(path, /^\/v1\//);
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
