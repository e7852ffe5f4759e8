import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { HostRecord } from "../../protocol/host.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { isJobEnded } from "../../protocol/job.ts";
import { metricValue } from "../../protocol/metric.ts";
import { anAgentHost, type AgentHost } from "../support/startAgentHost.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

describe("a host with an agent", function () {
  this.timeout(90_000);
  let service: TestService;
  let host: AgentHost;

  before(async () => {
    service = await startTestService();
    host = anAgentHost("rtx-box");
    await service.client.call("addHost", { body: { name: "nat-box", agent: true } });
  });
  after(async () => {
    await host.remove();
    await service.end();
  });

  const record = (): Promise<HostRecord> => service.client.call("getHost", { params: { host: "nat-box" } });
  const online = async (): Promise<boolean> => (await record()).status.kind === "online";

  function dispatch(script: string): Promise<JobRecord> {
    const file = join(host.home, "task.sh");
    writeFileSync(file, `${script}\n`);
    return dispatchFile(service.client, { file, host: "nat-box", workspace: "script" });
  }

  const ended = async (job: JobRecord): Promise<JobRecord> => {
    const now = () => service.client.call("getJob", { params: { job: job.id } });
    await until(async () => isJobEnded((await now()).state), `${job.id} ends`, 30_000);
    return now();
  };

  it("is never seen before its agent comes, and says why nothing can run there", async () => {
    const { status, connection, agent } = await record();
    assert.deepEqual([status.kind, connection.kind, agent], ["never", "agent", null]);
    await assert.rejects(service.client.call("loginHost", { params: { host: "nat-box" } }), /not connected/);
  });

  it("joins by a link on its standard input, and keeps its key to itself", async () => {
    const unjoined = await host.command(["run"]);
    assert.equal(unjoined.code, 1);
    assert.match(unjoined.err, /has not joined a fleet yet.*\n.*hwledger token create --agent/);
    const { link } = await service.client.call("createToken", { body: { role: "agent", host: "nat-box" } });
    const joined = await host.command(["join"], `${link}\n`);
    assert.equal(joined.err, "");
    assert.match(
      joined.out,
      /Joined the fleet at https:\/\/127\.0\.0\.1:\d+\.\nNext: hwledger-agent install/,
    );
    const folder = join(host.home, ".hwledger", "agent");
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, "identity.json")).mode & 0o777, 0o600);
  });

  it("is read by it: GPUs, figures, and who is connected", async () => {
    await host.run();
    await until(online, "it is online", 20_000);
    const { gpus, agent, reading, id } = await record();
    assert.deepEqual(
      gpus.map(({ uuid, name }) => [uuid, name]),
      host.gpuFiles.read().map(({ uuid, name }) => [uuid, name]),
    );
    assert.equal(agent?.version, "0.1.0");
    assert.equal(reading?.hostId, id);
    assert.ok(Math.abs((reading?.atMs ?? 0) - Date.now()) < 30_000);
    const status = await host.command(["status"]);
    assert.equal(status.code, 0);
    assert.match(status.out, /as the agent of nat-box/);
    const second = await host.command(["run"]);
    assert.match(second.err, /The agent runs already/);
  });

  it("is read each second while somebody watches, and seldom again afterwards", async () => {
    const watching = new AbortController();
    const events = await service.client.bytes(
      "streamMetrics",
      { query: { host: "nat-box" } },
      { signal: watching.signal },
    );
    events.resume().on("error", () => undefined);
    const [gpu] = host.gpuFiles.read();
    host.gpuFiles.update(gpu?.uuid ?? "", { "utilization.gpu": "63" });
    const isChanged = async (): Promise<boolean> =>
      metricValue((await record()).gpus[0]!.utilizationPct) === 63;
    await until(isChanged, "the changed figure", 10_000);
    assert.equal((await record()).reading?.cadenceMs, 1_000);
    watching.abort();
    await until(
      async () => (await host.command(["status", "--json"])).out.includes('"cadenceMs":15000'),
      "it is read seldom",
      20_000,
    );
  });

  it("runs jobs by the same runner, with all of their output in order", async () => {
    const job = await ended(await dispatch("seq 1 200000; echo err >&2; exit 7"));
    assert.deepEqual([job.state, job.exitCode], ["failed", 7]);
    const log = await service.client.bytes("getJobLog", { params: { job: job.id } });
    const parts: Buffer[] = [];
    for await (const part of log) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString("utf8");
    const numbers = text.split("\n").filter((line) => /^\d+$/.test(line));
    assert.equal(numbers.length, 200_000);
    assert.ok(numbers.every((line, at) => Number(line) === at + 1));
    assert.match(text, /^err$/m);
  });

  it("goes on with a job while its agent is started again, and does not lose its end", async () => {
    const job = await dispatch("sleep 4; echo survived");
    const state = async () => (await service.client.call("getJob", { params: { job: job.id } })).state;
    await until(async () => (await state()) === "running", "it runs", 15_000);
    await host.end("SIGKILL");
    await until(async () => (await record()).agent === null, "its agent is gone", 10_000);
    await host.run();
    const done = await ended(job);
    assert.deepEqual([done.state, done.exitCode], ["succeeded", 0]);
  });

  it("keeps what it read without contact, and hands it over", async () => {
    await until(online, "it is online", 20_000);
    await service.stop();
    const before = Date.now();
    const held = async (): Promise<number> =>
      (JSON.parse((await host.command(["status", "--json"])).out) as { held: number }).held;
    await until(async () => (await held()) >= 2, "two readings wait", 60_000);
    const after = Date.now();
    await service.restart();
    await until(async () => (await record()).agent !== null, "its agent has come again", 40_000);
    await until(async () => (await held()) === 0, "all were taken", 20_000);
    const { atMs } = await service.client.call("getHostMetrics", { params: { host: "nat-box" }, query: {} });
    assert.ok(
      atMs.some((at) => at >= before - 1_000 && at <= after),
      `none of ${atMs.join(", ")} is of the time without contact`,
    );
  });

  it("leaves a fleet by hand, also with a membership that is damaged", async () => {
    const other = anAgentHost("rtx-box");
    const folder = join(other.home, ".hwledger", "agent");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "identity.json"), "{");
    try {
      assert.match((await other.command(["run"])).err, /membership file is damaged/);
      assert.equal((await other.command(["leave"])).code, 0);
      assert.match((await other.command(["run"])).err, /has not joined a fleet yet/);
    } finally {
      await other.remove();
    }
  });

  it("is gone from its agent's side when it is taken out of the fleet", async () => {
    await service.client.call("removeHost", { params: { host: "nat-box" } });
    await until(() => /no longer accepted|not accepted|revoked/i.test(host.said()), "it says so", 20_000);
    await host.end();
    assert.match(host.said(), /ended\n$/);
  });
});
