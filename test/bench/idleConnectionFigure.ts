import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { alternate, type Contender, type RoundLimits } from "./alternate.ts";
import type { Figure } from "./benchReport.ts";
import { rounded, summarize } from "./summary.ts";
import { inLanes, shakeHands, startBarePeer, startServicePeer, type TlsPeer } from "./tlsPeer.ts";

const held = 800;
/** So that code and buffers which the first connections bring are there before. */
const before = 100;
const pauseMs = 250;
const maxPauses = 20;
const names = { ours: "hwledger", bare: "bare Node TLS server" };

/** Memory that one more idle connection with a client certificate takes, of a server that has just been started. */
export async function idleConnectionFigure(dir: string, limits: RoundLimits): Promise<Figure> {
  const bytes = await alternate(
    [
      heldContender(names.ours, join(dir, "ours"), startServicePeer),
      heldContender(names.bare, join(dir, "bare"), startBarePeer),
    ],
    { ...limits, warmUp: 0 },
  );
  const median = (name: string): number => summarize(bytes.get(name) ?? []).p50Ms;
  const [ours, bare] = [median(names.ours), median(names.bare)];
  return {
    id: "idle-connection",
    title: `Memory (RSS) of an idle TLS connection with a client certificate, mean over ${held}`,
    ours: [],
    counterparts: [],
    ratios: [{ to: names.bare, of: "memory", value: rounded(ours / bare) }],
    targets: [],
    memory: [
      { name: names.ours, p50Bytes: ours },
      { name: names.bare, p50Bytes: bare },
    ],
  };
}

/** Each round in a new process: one that has given connections back takes the next ones for nothing. */
function heldContender(name: string, dir: string, start: (dir: string) => Promise<TlsPeer>): Contender {
  let round = 0;
  return {
    name,
    async run() {
      round += 1;
      const peer = await start(join(dir, String(round)));
      const sockets: TLSSocket[] = [];
      const open = async (): Promise<void> => {
        const { socket } = await shakeHands(peer, null);
        socket.setTimeout(0);
        sockets.push(socket);
      };
      try {
        await inLanes(before, open);
        for (const socket of sockets.splice(0)) socket.destroy();
        const emptyBytes = await settledBytes(peer.pid);
        await inLanes(held, open);
        return ((await settledBytes(peer.pid)) - emptyBytes) / held;
      } finally {
        for (const socket of sockets) socket.destroy();
        await peer.end();
      }
    },
  };
}

/** RSS of a process once it stays within a hundredth for a second, or as it is after five. */
async function settledBytes(pid: number): Promise<number> {
  const seen: number[] = [];
  for (let pauses = 0; pauses < maxPauses; pauses += 1) {
    seen.push(residentBytes(pid));
    const last = seen.slice(-4);
    if (last.length === 4 && Math.max(...last) - Math.min(...last) < Math.max(...last) / 100) break;
    await delay(pauseMs);
  }
  return seen.at(-1) ?? NaN;
}

function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kibibytes === undefined) throw new Error("the server has ended");
  return Number(kibibytes) * 1_024;
}
