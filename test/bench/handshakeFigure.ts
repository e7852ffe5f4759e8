import { alternate, type Contender, type RoundLimits } from "./alternate.ts";
import type { Figure, Measured } from "./benchReport.ts";
import { ratiosOf } from "./compare.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { rounded, summarize } from "./summary.ts";
import {
  hangUp,
  inLanes,
  lanesAtOnce,
  shakeHands,
  startBarePeer,
  startServicePeer,
  type TlsPeer,
} from "./tlsPeer.ts";

const perRound = 80;
const names = {
  full: "hwledger, full",
  resumed: "hwledger, resumed",
  bareFull: "bare Node TLS server, full",
  bareResumed: "bare Node TLS server, resumed",
};

/** TLS handshakes of the service with a client certificate, full and resumed, beside those of Node's TLS server alone. */
export async function handshakeFigure(
  dir: string,
  limits: RoundLimits,
  lifetimes: Lifetimes,
): Promise<Figure> {
  const ours = lifetimes.own(await startServicePeer(dir), (peer) => peer.end());
  const bare = lifetimes.own(await startBarePeer(dir), (peer) => peer.end());
  const timesMs = await alternate(
    [
      fullContender(names.full, ours),
      fullContender(names.bareFull, bare),
      await resumedContender(names.resumed, ours),
      await resumedContender(names.bareResumed, bare),
    ],
    limits,
  );
  const measured = (name: string): Measured => {
    const summary = summarize(timesMs.get(name) ?? []);
    return { name, ...summary, perSecond: rounded(1_000 / summary.p50Ms) };
  };
  const [full, resumed] = [measured(names.full), measured(names.resumed)];
  const bareFull = { kind: "measured", ...measured(names.bareFull) } as const;
  const bareResumed = { kind: "measured", ...measured(names.bareResumed) } as const;
  return {
    id: "handshakes",
    title: `TLS handshakes with a client certificate, ${lanesAtOnce} at a time: time of one, mean over ${perRound}`,
    unit: "handshakes",
    ours: [full, resumed],
    counterparts: [bareFull, bareResumed],
    ratios: [...ratiosOf(full, [bareFull]), ...ratiosOf(resumed, [bareResumed])],
    targets: [],
  };
}

function fullContender(name: string, peer: TlsPeer): Contender {
  const work = async (): Promise<void> => hangUp((await shakeHands(peer, null)).socket);
  return { name, run: () => timed(work) };
}

/** All lanes resume, again and again, with the tickets of connections that were made before. */
async function resumedContender(name: string, peer: TlsPeer): Promise<Contender> {
  const tickets: Buffer[] = [];
  await inLanes(lanesAtOnce, async (lane) => {
    const { socket, session } = await shakeHands(peer, null);
    tickets[lane] = session;
    await hangUp(socket);
  });
  const work = async (lane: number): Promise<void> =>
    hangUp((await shakeHands(peer, tickets[lane] ?? null)).socket);
  return { name, run: () => timed(work) };
}

async function timed(work: (lane: number) => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await inLanes(perRound, work);
  return (performance.now() - startMs) / perRound;
}
