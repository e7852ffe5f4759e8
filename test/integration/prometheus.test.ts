import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity } from "../../protocol/client/identity.ts";
import { standardHosts } from "../lab/standardHosts.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { startFleetFixture, type FleetFixture } from "../support/startFleetFixture.ts";
import { until } from "../support/until.ts";

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

/** A Prometheus of our own that scrapes the fleet each second with a viewer's certificate. */
describe("a Prometheus server", function () {
  this.timeout(90_000);
  let fleet: FleetFixture;
  let folder: string;
  let prometheus: ChildProcess;
  let url: string;
  let said = "";

  before(async () => {
    fleet = await startFleetFixture(standardHosts.filter(({ name }) => name === "rtx-box"));
    folder = mkdtempSync(join(tmpdir(), "hwledger-prometheus-"));
    const { link } = await fleet.client.call("createToken", { body: { role: "viewer" } });
    writeConfiguration(await joinFleet(link, { name: "prometheus" }));
    url = `http://127.0.0.1:${await freePort()}`;
    prometheus = spawn(
      "prometheus",
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=${new URL(url).host}`,
      ],
      { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    prometheus.stderr?.on("data", (text: Buffer) => (said += text.toString()));
    const isReady = () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isReady, "Prometheus is ready", 30_000);
  });
  after(async () => {
    if (prometheus?.exitCode === null) {
      const ended = once(prometheus, "exit");
      prometheus.kill("SIGKILL");
      await ended;
    }
    if (folder) rmSync(folder, { recursive: true, force: true });
    await fleet?.stop();
  });

  function writeConfiguration(member: Identity): void {
    const files = { "ca.pem": member.caPem, "cert.pem": member.certificatePem, "key.pem": member.keyPem };
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    const scrape = {
      job_name: "hwledger",
      scheme: "https",
      scrape_interval: "1s",
      scrape_timeout: "1s",
      tls_config: { ca_file: "ca.pem", cert_file: "cert.pem", key_file: "key.pem" },
      static_configs: [{ targets: [new URL(member.url).host] }],
    };
    // YAML takes JSON as it is.
    writeFileSync(join(folder, "prometheus.yml"), JSON.stringify({ scrape_configs: [scrape] }));
  }

  async function query(text: string): Promise<Sample[]> {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    return ((await answer.json()) as { data: { result: Sample[] } }).data.result;
  }

  async function valueOf(text: string): Promise<number | null> {
    const [sample] = await query(text);
    return sample === undefined ? null : Number(sample.value[1]);
  }

  it("scrapes the fleet over mutual TLS", async () => {
    await until(async () => (await valueOf('up{job="hwledger"}')) === 1, "a scrape that went well", 30_000);
    await until(async () => (await valueOf('hwledger_host_up{host="rtx-box"}')) === 1, "the host", 30_000);
    assert.doesNotMatch(said, /level=(warn|error)/);
  });

  it("sees a GPU's figures change", async () => {
    const { gpuFiles, gpus } = fleet.lab.host("rtx-box");
    const uuid = gpus[0]!.uuid;
    const load = `hwledger_gpu_utilization_ratio{host="rtx-box",gpu="${uuid}"}`;
    await until(async () => (await valueOf(load)) !== null, "the GPU", 30_000);
    gpuFiles.update(uuid, { "utilization.gpu": "73" });
    await until(async () => (await valueOf(load)) === 0.73, "the changed load", 30_000);
    const [sample] = await query(load);
    assert.equal(sample?.metric["vendor"], "nvidia");
    assert.equal(sample.metric["name"], gpus[0]!.name);
  });

  it("loses the figures of a host that is gone, and is told that it is not up", async () => {
    await fleet.lab.host("rtx-box").stop();
    await until(async () => (await valueOf('hwledger_host_up{host="rtx-box"}')) === 0, "not up", 40_000);
    assert.equal(await valueOf('hwledger_gpu_temperature_celsius{host="rtx-box"}'), null);
    assert.equal(await valueOf('up{job="hwledger"}'), 1);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
