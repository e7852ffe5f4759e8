import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import type { HostId, JobId } from "../../protocol/ids.ts";
import { createExposition } from "../../service/metrics/createExposition.ts";
import { expositionText, labelText } from "../../service/metrics/expositionText.ts";
import type { ScrapedFleet } from "../../service/metrics/fleetFamilies.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";

async function textOf(parts: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const part of parts) text += part;
  return text;
}

function scrape(hosts: ScrapedFleet["hosts"], jobs: ScrapedFleet["jobs"] = new Map()): Promise<string> {
  return textOf(createExposition(() => ({ hosts, jobs }), 1_000)().body);
}

/** What Prometheus' own checker says of a text; throws what it finds wrong. */
function checked(text: string): string {
  return execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8", stdio: "pipe" });
}

/** The samples of a text by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

const hostFigures = ["cpu_ratio", "memory_used_bytes", "filesystem_total_bytes", "uptime_seconds"];
const card = 'host="rtx-box",gpu="GPU-0",index="0",name="NVIDIA GeForce RTX 3090",vendor="nvidia"';

describe("the fleet as Prometheus text", () => {
  it("has every figure in base units, and the checker of Prometheus finds nothing wrong", async () => {
    const process = { pid: 1, name: "python", memoryBytes: { value: 1 }, user: null, startedAtMs: null };
    const jobId = "j-0000000000000001" as JobId;
    const processes = [
      { ...process, jobId },
      { ...process, pid: 2, jobId },
      { ...process, pid: 3, jobId: null },
    ];
    const gpus = [aGpu({ utilizationPct: { value: 7 }, occupancy: { kind: "busy", processes } })];
    const host = aHost({ rateMicroUsdPerHour: 390_000, activeJobs: 1, reading: aReading({ gpus }) });
    assert.match(
      createExposition(() => ({ hosts: [], jobs: new Map() }), 0)().contentType,
      /^text\/plain; version=0\.0\.4;/,
    );
    const text = await scrape(
      [host],
      new Map([
        ["running", 1],
        ["failed", 3],
      ]),
    );
    assert.equal(checked(text), "");
    const samples = samplesOf(text);
    const wanted: Record<string, number> = {
      'hwledger_host_up{host="rtx-box"}': 1,
      'hwledger_host_last_reading_timestamp_seconds{host="rtx-box"}': 1,
      'hwledger_host_cpu_ratio{host="rtx-box"}': 0.05,
      'hwledger_host_memory_total_bytes{host="rtx-box"}': 64 * 1_073_741_824,
      'hwledger_host_uptime_seconds{host="rtx-box"}': 7_200,
      'hwledger_host_probe_bytes_total{host="rtx-box"}': 2_048,
      'hwledger_host_rate_dollars_per_hour{host="rtx-box"}': 0.39,
      'hwledger_host_active_jobs{host="rtx-box"}': 1,
      [`hwledger_gpu_utilization_ratio{${card}}`]: 0.07,
      [`hwledger_gpu_memory_total_bytes{${card}}`]: 24 * 1_073_741_824,
      [`hwledger_gpu_temperature_celsius{${card}}`]: 62,
      [`hwledger_gpu_power_watts{${card}}`]: 210.4,
      [`hwledger_gpu_power_limit_watts{${card}}`]: 350,
      [`hwledger_gpu_processes{${card}}`]: 3,
      [`hwledger_gpu_job_processes{${card},job_id="${jobId}"}`]: 2,
      'hwledger_jobs{state="running"}': 1,
      'hwledger_jobs{state="failed"}': 3,
      'hwledger_jobs{state="lost"}': 0,
      process_start_time_seconds: 1,
    };
    for (const [sample, value] of Object.entries(wanted)) assert.equal(samples.get(sample), value, sample);
    assert.ok((samples.get("process_cpu_seconds_total") ?? 0) > 0);
    assert.ok((samples.get("process_resident_memory_bytes") ?? 0) > 1_000_000);
    assert.match(text, /^hwledger_build_info\{version="[\d.]+",protocol="1"\} 1$/m);
  });

  it("has no sample for a figure that was not read, and none is 0 instead", async () => {
    const gpu = aGpu({
      index: null,
      temperatureC: { unsupported: "denied" },
      memoryUsedBytes: { unsupported: "unified" },
      powerW: { value: Number.NaN },
      occupancy: { kind: "unknown", reason: "no permission" },
    });
    const reading = aReading({ cpuPct: { unsupported: "not-measured" }, gpus: [gpu] });
    const text = await scrape([aHost({ reading })]);
    assert.equal(checked(text), "");
    for (const name of ["gpu_temperature", "gpu_memory_used", "gpu_power_watts", "gpu_processes", "host_cpu"])
      assert.ok(!text.includes(`hwledger_${name}`), name);
    assert.doesNotMatch(text, /NaN|null|undefined|index=|rate_dollars/);
    assert.match(text, /hwledger_gpu_utilization_ratio/);
  });

  for (const status of [
    { kind: "never" },
    { kind: "late", lastSeenAtMs: 1_000, silentMs: 50_000 },
    { kind: "offline", lastSeenAtMs: 1_000, silentMs: 500_000 },
    { kind: "unreachable", sinceMs: 1, code: "host-unreachable", reason: "no route", lastSeenAtMs: 1_000 },
    { kind: "needs-login", sinceMs: 1, reason: "a passphrase" },
  ] as const)
    it(`tells of a host that is ${status.kind} that it is not up, and nothing that was read before`, async () => {
      const samples = samplesOf(await scrape([aHost({ status, rateMicroUsdPerHour: 1_000_000 })]));
      assert.equal(samples.get('hwledger_host_up{host="rtx-box"}'), 0);
      assert.equal(samples.get('hwledger_host_rate_dollars_per_hour{host="rtx-box"}'), 1);
      assert.equal(samples.get('hwledger_host_last_reading_timestamp_seconds{host="rtx-box"}'), 1);
      for (const name of hostFigures) assert.ok(!samples.has(`hwledger_host_${name}{host="rtx-box"}`), name);
      assert.deepEqual(
        [...samples.keys()].filter((key) => key.startsWith("hwledger_gpu")),
        [],
      );
    });

  it("tells of a host that is left alone neither that it is up nor that it is not", async () => {
    const status = { kind: "offline", lastSeenAtMs: 1, silentMs: 1_000_000 } as const;
    assert.doesNotMatch(await scrape([aHost({ probe: "off", status })]), /hwledger_host_up/);
  });

  it("tells what is wrong with a host's GPUs by its code", async () => {
    const reading = aReading({
      gpus: [],
      gpuProblem: { code: "driver-not-loaded", detail: "NVIDIA-SMI has failed" },
    });
    const samples = samplesOf(await scrape([aHost({ reading })]));
    assert.equal(samples.get('hwledger_host_gpu_problem{host="rtx-box",code="driver-not-loaded"}'), 1);
  });

  it("is not led astray by what a hostile host calls its GPUs", async () => {
    const name = 'a"} 1\nhwledger_host_up{host="x"} 1\\\r\u2028\ud800\0';
    const gpus = [aGpu({ name }), aGpu({ name }), aGpu({ uuid: "GPU-1\\", name: "\\" })];
    const text = await scrape([aHost({ reading: aReading({ gpus }) })]);
    assert.equal(checked(text), "");
    const loads = text.split("\n").filter((line) => line.startsWith("hwledger_gpu_utilization_ratio{"));
    assert.equal(loads.length, 2, "the same GPU twice is one");
    assert.equal(text.split("\n").filter((line) => line.startsWith("hwledger_host_up{")).length, 1);
    const [first] = text.split("\n").filter((line) => line.includes('gpu="GPU-1'));
    assert.ok(first?.includes('gpu="GPU-1\\\\",index="0",name="\\\\",'), first);
  });

  it("escapes a name's quotes, backslashes and line ends", () => {
    assert.equal(labelText({ a: 'x"\\\ny', b: null, c: "" }), '{a="x\\"\\\\\\ny",c=""}');
    assert.equal(labelText({ b: null }), "");
  });

  it("names each metric once, and none that has no sample", async () => {
    const family = (name: string, samples: [string, number][]) =>
      ({ name, type: "gauge", help: "a\\b\nc", samples }) as const;
    const families = [
      family("a", [
        ["", 1],
        ['{x="y"}', 2],
      ]),
      family("b", []),
      family("c", [["", Infinity]]),
    ];
    assert.equal(
      await textOf(expositionText(families, () => Promise.resolve())),
      '# HELP a a\\\\b\\nc\n# TYPE a gauge\na 1\na{x="y"} 2\n',
    );
  });

  it("of 8,000 GPUs is written in rounds, between which others are served", async () => {
    const hosts = Array.from({ length: 1_000 }, (_, host) => {
      const id = `h-${String(host).padStart(16, "0")}` as HostId;
      const gpus = Array.from({ length: 8 }, (__, index) => aGpu({ uuid: `GPU-${host}-${index}`, index }));
      return aHost({ id, name: `host-${host}`, reading: aReading({ hostId: id, gpus }) });
    });
    let turns = 0;
    let isOver = false;
    const others = (async () => {
      for (; !isOver; turns += 1) await setImmediate();
    })();
    const parts: string[] = [];
    for await (const part of createExposition(() => ({ hosts, jobs: new Map() }), 0)().body) parts.push(part);
    isOver = true;
    await others;
    assert.ok(turns >= parts.length - 1, `${turns} turns in ${parts.length} rounds`);
    assert.ok(Math.max(...parts.map(({ length }) => length)) < 70_000);
    const text = parts.join("");
    assert.equal(checked(text), "");
    assert.equal(text.match(/^hwledger_gpu_power_watts\{/gm)?.length, 8_000);
  });
});
