import { mkdirSync, writeFileSync } from "node:fs";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { clientName, openStream } from "../../protocol/client/streamClient.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { metricValue } from "../../protocol/metric.ts";
import { addAgents } from "./agentFleet.ts";
import type { Counterpart, Figure, Measured } from "./benchReport.ts";
import { startChild } from "./childProcess.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { startServerChild, startServiceChild } from "./serverChild.ts";
import { rounded, summarize, type Summary } from "./summary.ts";

/** Hosts whose readings the bench's client is subscribed to. */
const watchedHosts = 100;
const settleMs = 8_000;
const prometheusName = "Prometheus, which scrapes the same figures";
const gigabyte = 1_000_000_000;

/** What a process takes while it works: processor time of each second, and memory at the end. */
interface Use {
  cpuMs: number[];
  residentBytes: number;
}

/**
 * A service with so many agents of eight GPUs, each read once a second, and 100 of the hosts watched by a client: its
 * processor time and memory, and how long a reading takes to the client. Beside it, in the same run, Prometheus scraping
 * the same figures of as many targets.
 */
export async function agentsFigure(
  dir: string,
  { agents, seconds }: { agents: number; seconds: number },
  lifetimes: Lifetimes,
): Promise<Figure> {
  const home = join(dir, "home");
  await (await startServiceChild(home)).end(); // makes the fleet
  const played = addAgents(home, agents);
  const service = lifetimes.own(await startServiceChild(home), (child) => child.end());
  const file = join(dir, "agents.json");
  writeFileSync(file, JSON.stringify({ owner: service.identity, played }), { mode: 0o600 });
  const machines = lifetimes.own(await startServerChild("runAgents.ts", file), (child) => child.end());

  const client = watch(
    service.identity,
    played.agents.slice(0, watchedHosts).map(({ hostId }) => hostId),
  );
  await delay(settleMs);
  client.begin();
  const ours = await useOf(service.pid, seconds);
  const ways = client.end();
  await service.end();
  const theirs = await prometheusUse(join(dir, "prometheus"), machines.url, agents, seconds, lifetimes);
  await machines.end();
  return figureOf({ agents, ours, theirs, ways });
}

function figureOf(of: { agents: number; ours: Use; theirs: Use | Error; ways: number[] }): Figure {
  const { agents, ours, theirs, ways } = of;
  const cpu = summarize(ours.cpuMs);
  const way = summarize(ways);
  const p99Ms = [...ways].sort((a, b) => a - b)[Math.ceil(0.99 * ways.length) - 1] ?? Number.NaN;
  const other: Counterpart =
    theirs instanceof Error
      ? { kind: "unavailable", name: prometheusName, reason: theirs.message }
      : { kind: "measured", name: prometheusName, ...summarize(theirs.cpuMs) };
  const measured: Measured = { name: "the service: processor time of a second", ...cpu };
  const counted = (text: string, value: number, limit: number) => ({
    text,
    value,
    limit,
    met: value < limit,
  });
  return {
    id: "agents",
    title: `${agents} agents with 8 GPUs each, read once a second; ${watchedHosts} of them watched by a client`,
    ours: [measured],
    parts: [{ name: "a reading's way to the client", ...way }],
    counterparts: [other],
    ratios: other.kind === "measured" ? ratios(cpu, other, ours, theirs as Use) : [],
    targets: [
      counted("processor time of a second, mean in ms, below one core (1000)", cpu.meanMs, 1_000),
      counted("memory in GB, below 1", rounded(ours.residentBytes / gigabyte), 1),
      counted("a reading's way to the client, p99 in ms, below 250", rounded(p99Ms), 250),
    ],
    memory: [
      { name: "the service", p50Bytes: ours.residentBytes },
      ...(theirs instanceof Error ? [] : [{ name: prometheusName, p50Bytes: theirs.residentBytes }]),
    ],
  };
}

function ratios(cpu: Summary, other: Summary, ours: Use, theirs: Use): Figure["ratios"] {
  return [
    { to: prometheusName, of: "p50", value: rounded(cpu.p50Ms / other.p50Ms) },
    { to: prometheusName, of: "p95", value: rounded(cpu.p95Ms / other.p95Ms) },
    { to: prometheusName, of: "memory", value: rounded(ours.residentBytes / theirs.residentBytes) },
  ];
}

/** A client that notes how long each reading has taken to it, by the clock that both share. */
function watch(identity: Identity, hosts: readonly string[]): { begin(): void; end(): number[] } {
  const stream = openStream({ identity, client: clientName("bench") });
  let ways: number[] | null = null;
  for (const host of hosts)
    stream.subscribe(`metrics:${host}`, {
      onData(data) {
        if (data.kind !== "metrics" || data.reading === null) return;
        ways?.push(Date.now() - (metricValue(data.reading.uptimeS) ?? Number.NaN) * 1_000);
      },
    });
  return {
    begin: () => (ways = []),
    end() {
      stream.close();
      if (ways === null || ways.length < hosts.length) throw new Error("too few readings reached the client");
      return ways;
    },
  };
}

async function prometheusUse(
  dir: string,
  url: string,
  targets: number,
  seconds: number,
  lifetimes: Lifetimes,
): Promise<Use | Error> {
  try {
    mkdirSync(dir);
    const jobs = Array.from({ length: targets }, (_, at) => ({
      job_name: `host-${at}`,
      metrics_path: `/hosts/${at}`,
      static_configs: [{ targets: [new URL(url).host] }],
    }));
    const config = { global: { scrape_interval: "1s", scrape_timeout: "1s" }, scrape_configs: jobs };
    writeFileSync(join(dir, "prometheus.yml"), JSON.stringify(config));
    const port = await freePort();
    const child = startChild([
      "prometheus",
      `--config.file=${join(dir, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    child.process.stdout?.resume();
    lifetimes.own(child, (started) => started.end());
    const died = child.ended.then(({ stderr }) => {
      throw new Error(`it ended: ${stderr.slice(-200)}`);
    });
    died.catch(() => undefined);
    await Promise.race([delay(settleMs), died]);
    const use = await Promise.race([useOf(child.process.pid ?? Number.NaN, seconds), died]);
    await child.end();
    return use;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Looks at a process once a second. */
async function useOf(pid: number, seconds: number): Promise<Use> {
  const cpuMs: number[] = [];
  let before = { cpuMs: spentMs(pid), atMs: performance.now() };
  for (let second = 0; second < seconds; second += 1) {
    await delay(1_000);
    const now = { cpuMs: spentMs(pid), atMs: performance.now() };
    cpuMs.push(((now.cpuMs - before.cpuMs) * 1_000) / (now.atMs - before.atMs));
    before = now;
  }
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuMs, residentBytes: Number(kibibytes) * 1_024 };
}

/** Processor time of a process so far: user and system, in hundredths of a second (proc(5)). */
function spentMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
