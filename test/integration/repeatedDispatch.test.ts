import assert from "node:assert/strict";
import type * as z from "zod";
import type { routes } from "../../protocol/routes.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";

describe("a repeated dispatch", function () {
  this.timeout(60_000);
  let service: TestService;
  let host: string;

  before(async () => {
    service = await startTestService();
    host = (await service.client.call("listHosts")).hosts[0]!.name;
  });
  after(() => service.end());

  const bodyOf = (script: string): z.input<typeof routes.createJob.body> => ({
    host,
    spec: {
      script,
      args: [],
      launch: { kind: "named", candidates: ["sh"], flags: [], language: "shell" },
      env: {},
      timeoutMs: null,
    },
    workspace: { kind: "upload", bytes: null },
  });

  it("with the same key is the same job, also when ten come at once", async () => {
    const options = { idempotencyKey: "key-1" };
    const body = bodyOf("a.sh");
    const jobs = await Promise.all(
      Array.from({ length: 10 }, () => service.client.call("createJob", { body }, options)),
    );
    assert.equal(new Set(jobs.map((job) => job.id)).size, 1);
    assert.equal((await service.client.call("listJobs")).jobs.length, 1);
  });

  it("with the same key and another body is refused", async () => {
    await assert.rejects(
      service.client.call("createJob", { body: bodyOf("b.sh") }, { idempotencyKey: "key-1" }),
      /different request/,
    );
  });

  it("with the same key by another member is another job", async () => {
    const other = service.clientOf(await service.member("operator"));
    const job = await other.call("createJob", { body: bodyOf("b.sh") }, { idempotencyKey: "key-1" });
    assert.equal(job.createdBy, "user/operator");
  });

  it("without a key is another job", async () => {
    const first = await service.client.call("createJob", { body: bodyOf("c.sh") });
    const second = await service.client.call("createJob", { body: bodyOf("c.sh") });
    assert.notEqual(first.id, second.id);
  });

  it("with a key of wrong letters is refused", async () => {
    const options = { idempotencyKey: "with space" };
    await assert.rejects(
      service.client.call("createJob", { body: bodyOf("d.sh") }, options),
      /Idempotency-Key/,
    );
  });
});
