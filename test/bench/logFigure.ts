import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LabHost } from "../lab/labHost.ts";
import { alternate, type Contender, type RoundLimits } from "./alternate.ts";
import type { BenchService } from "./benchService.ts";
import type { Counterpart, Figure, Measured } from "./benchReport.ts";
import { ratiosOf, ratioTarget } from "./compare.ts";
import { dispatchScript, followJob } from "./dispatchedJob.ts";
import { shellTar } from "./shellTar.ts";
import { rounded, summarize } from "./summary.ts";
import { timedRun } from "./timedRun.ts";

const mebibyte = 1_048_576;
const names = {
  stream: "hwledger, stream",
  http: "hwledger, HTTP log route",
  cat: "ssh host cat",
};

/** A big log from the host to the client while the job writes it, timed from its first to its last byte. */
export async function logFigure(
  needs: { service: BenchService; host: LabHost; logMebibytes: number },
  limits: RoundLimits,
): Promise<Figure> {
  const { service, host, logMebibytes } = needs;
  const file = join(host.homeOnDisk, "big.log");
  await writeText(file, logMebibytes);
  try {
    const tar = await shellTar('exec cat "$HOME/big.log"\n');
    const bytes = logMebibytes * mebibyte;
    const contenders: Contender[] = [
      { name: names.stream, run: () => overStream(service, tar, bytes) },
      { name: names.http, run: () => overHttp(service, tar, bytes) },
      { name: names.cat, run: () => overSsh(host, bytes) },
    ];
    return figureOf(await alternate(contenders, limits), logMebibytes);
  } finally {
    await rm(file);
  }
}

/** Time between the first and the last byte of something that comes piece by piece. */
function stopwatch(): { take(bytes: number): void; done(expectedBytes: number): number } {
  let firstMs = NaN;
  let lastMs = NaN;
  let taken = 0;
  return {
    take(bytes) {
      lastMs = performance.now();
      if (taken === 0) firstMs = lastMs;
      taken += bytes;
    },
    done(expectedBytes) {
      if (taken !== expectedBytes) throw new Error(`${taken} bytes came, not ${expectedBytes}`);
      return lastMs - firstMs;
    },
  };
}

async function overStream(service: BenchService, tar: string, bytes: number): Promise<number> {
  const watch = stopwatch();
  const job = await dispatchScript(service, tar);
  await followJob(service, job.id, (piece) => watch.take(piece.length));
  return watch.done(bytes);
}

async function overHttp(service: BenchService, tar: string, bytes: number): Promise<number> {
  const watch = stopwatch();
  const job = await dispatchScript(service, tar);
  const log = await service.client.bytes("getJobLog", { params: { job: job.id }, query: { follow: "1" } });
  for await (const piece of log as AsyncIterable<Buffer>) watch.take(piece.length);
  await followJob(service, job.id, () => undefined);
  return watch.done(bytes);
}

async function overSsh(host: LabHost, bytes: number): Promise<number> {
  const times = await timedRun({ argv: ["ssh", ...host.sshArgs("cat big.log")] });
  if (times.bytes !== bytes) throw new Error(`ssh cat gave ${times.bytes} bytes, not ${bytes}`);
  return times.lastByteMs - times.firstByteMs;
}

async function writeText(file: string, mebibytes: number): Promise<void> {
  const line = "step 000123 loss 0.4711 lr 3.0e-04 tok/s 18234 gpu 0 mem 71.2G\n";
  const block = Buffer.from(line.repeat(Math.ceil(mebibyte / line.length))).subarray(0, mebibyte);
  const handle = await open(file, "w", 0o644);
  try {
    for (let written = 0; written < mebibytes; written += 1) await handle.write(block);
  } finally {
    await handle.close();
  }
}

function figureOf(timesMs: Map<string, number[]>, logMebibytes: number): Figure {
  const measured = (name: string): Measured => {
    const summary = summarize(timesMs.get(name) ?? []);
    return { name, ...summary, perSecond: rounded((logMebibytes * 1_000) / summary.p50Ms) };
  };
  const ours = measured(names.stream);
  const counterparts: Counterpart[] = [{ kind: "measured", ...measured(names.cat) }];
  const ratios = ratiosOf(ours, counterparts);
  return {
    id: "log-throughput",
    title: `Log of ${logMebibytes} MiB from host to client while the job writes it: first to last byte`,
    unit: "MiB",
    ours: [ours, measured(names.http)],
    counterparts,
    ratios,
    targets: [ratioTarget(ratios, { to: names.cat, of: "throughput", op: "at least", limit: 0.5 })],
  };
}
