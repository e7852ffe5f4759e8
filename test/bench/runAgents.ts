import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import WebSocket from "ws";
import { agentFrameHead, agentPath } from "../../protocol/agentLink.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { pinnedTls } from "../../protocol/client/pinnedTls.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { createPackedReadings } from "../../protocol/shells/packedReadings.ts";
import { programVersion, protocolVersion } from "../../protocol/version.ts";
import { aGpu, aReading } from "../support/fleetRecords.ts";
import type { PlayedAgents } from "./agentFleet.ts";

/**
 * Plays agents for the bench, each with eight GPUs and a reading a second, and the same figures as Prometheus wants them, at
 * `/hosts/N`. Figures are of the played machines; what is measured is who takes them. Prints the address of the latter once
 * all agents are connected; a line on stdin ends the agents, its end all.
 */
const [file = ""] = process.argv.slice(2);
const { owner, played } = JSON.parse(readFileSync(file, "utf8")) as { owner: Identity; played: PlayedAgents };
const gpusOfHost = 8;
const everyMs = 1_000;
const connectingAtOnce = 16;

/** What a played host reads now. Its uptime is the moment, in seconds of this machine's clock: so its way can be timed. */
function readingOf(hostId: string, host: number): HostReading {
  const nowMs = Date.now();
  const wave = (n: number): number => Math.round(50 + 49 * Math.sin(nowMs / 7_000 + host + n));
  const gpus = Array.from({ length: gpusOfHost }, (_, index) =>
    aGpu({
      uuid: `GPU-${hostId}-${index}`,
      index,
      utilizationPct: { value: wave(index) },
      memoryUsedBytes: { value: wave(index + 1) * 1_048_576_000 },
      temperatureC: { value: wave(index + 2) },
      powerW: { value: wave(index + 3) * 4 },
      atMs: nowMs,
    }),
  );
  const cpuPct = { value: wave(9) };
  return aReading({
    hostId,
    atMs: nowMs,
    cadenceMs: everyMs,
    cpuPct,
    gpus,
    uptimeS: { value: nowMs / 1_000 },
  });
}

function connect(at: number): Promise<WebSocket> {
  const { hostId, certificatePem: cert } = played.agents[at]!;
  const socket = new WebSocket(`${owner.url.replace(/^https/, "wss")}${agentPath}`, {
    ...pinnedTls(owner),
    key: played.keyPem,
    cert,
    perMessageDeflate: false,
  });
  const packing = createPackedReadings();
  let seq = 0;
  const send = (): void => {
    const text = JSON.stringify({ sentAtMs: Date.now(), live: true, reading: readingOf(hostId, at) });
    socket.send(Buffer.concat([agentFrameHead({ kind: "reading", seq: (seq += 1) }), packing.pack(text)]));
  };
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => process.exit(process.stdin.readableEnded || isOver ? 0 : 1));
    socket.once("open", () =>
      socket.send(
        JSON.stringify({
          type: "hello",
          protocol: protocolVersion,
          version: programVersion,
          platform: "linux",
          arch: "x64",
        }),
      ),
    );
    socket.once("message", () => {
      // spread over the second, as machines that were started by themselves are
      setTimeout(() => timers.push(setInterval(send, everyMs)), (at * everyMs) / played.agents.length);
      resolve(socket);
    });
  });
}

let isOver = false;
const timers: NodeJS.Timeout[] = [];
const server = createServer((request, response) => {
  const host = Number(/\d+$/.exec(request.url ?? "")?.[0] ?? 0);
  const { gpus, cpuPct } = readingOf(`n${host}`, host);
  const lines = [`host_cpu_percent ${"value" in cpuPct ? cpuPct.value : 0}`];
  for (const { index, ...gpu } of gpus)
    for (const figure of ["utilizationPct", "memoryUsedBytes", "temperatureC", "powerW"] as const) {
      const metric = gpu[figure];
      if ("value" in metric) lines.push(`gpu_${figure}{gpu="${index ?? 0}"} ${metric.value}`);
    }
  response.setHeader("content-type", "text/plain; version=0.0.4").end(`${lines.join("\n")}\n`);
});
server.listen(0, "127.0.0.1", () => void begin());

async function begin(): Promise<void> {
  const sockets: WebSocket[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < played.agents.length) sockets.push(await connect(next++));
  };
  await Promise.all(Array.from({ length: connectingAtOnce }, lane));
  process.stdin.once("data", () => {
    isOver = true;
    for (const timer of timers) clearInterval(timer);
    for (const socket of sockets) socket.removeAllListeners("close").close();
  });
  process.stdin.once("end", () => process.exit(0));
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
}
