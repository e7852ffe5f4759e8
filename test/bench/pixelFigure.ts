import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { clientName, openStream } from "../../protocol/client/streamClient.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import { extensionHostPid } from "../e2e/awayFixture.ts";
import { startDispatchFixture, type DispatchFixture } from "../e2e/dispatchFixture.ts";
import { findWebview } from "../support/editor/webviews.ts";
import type { RoundLimits } from "./alternate.ts";
import type { Counterpart, Figure, Target } from "./benchReport.ts";
import { ratiosOf } from "./compare.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { summarize } from "./summary.ts";

const hostName = "rtx-box";
const names = {
  panel: "hwledger: the host's panel",
  tree: "hwledger: the Hosts view",
  stream: "a client of the stream in the bench",
  memory: "extension host in a fleet, with the view and a panel that are fed",
};
const cadenceMs = 1_000;
const limitBeyondMs = 300;
const changeLimitMs = 20_000;
/** A figure changes at another place of the cadence in each round. */
const stepMs = 137;

/** From a figure's change at the host to the pixel, in the panel and in the tree, and to a client of the stream. */
export async function pixelFigure(limits: RoundLimits, lifetimes: Lifetimes): Promise<Figure> {
  const fixture = lifetimes.own(await startDispatchFixture([hostName]), (started) => started.stop());
  const panel = await openScreens(fixture);
  const stream = followStream(fixture, lifetimes);
  const timesMs = { panel: [] as number[], tree: [] as number[], stream: [] as number[] };
  const host = fixture.lab.host(hostName);
  const uuid = host.gpus[0]!.uuid;
  const startMs = performance.now();
  for (let round = 0; round < limits.warmUp + limits.max; round += 1) {
    const nowMs = performance.now();
    const isEnough = round - limits.warmUp >= limits.min;
    if (isEnough && (nowMs - startMs > limits.budgetMs || nowMs > limits.deadlineMs)) break;
    await new Promise((done) => setTimeout(done, (round * stepMs) % cadenceMs));
    const pct = 20 + (round % 70);
    const changedAtMs = performance.now();
    const since = () => performance.now() - changedAtMs;
    const seen = [panel.shows(pct), treeShows(fixture, pct), stream.says(pct)].map((one) => one.then(since));
    host.gpuFiles.update(uuid, { "utilization.gpu": String(pct) });
    const [inPanel = NaN, inTree = NaN, onStream = NaN] = await Promise.all(seen);
    if (round < limits.warmUp) continue;
    timesMs.panel.push(inPanel);
    timesMs.tree.push(inTree);
    timesMs.stream.push(onStream);
  }
  return figureOf(timesMs, await extensionHostBytes(fixture));
}

/** Memory (RSS) of the editor's extension host, in bytes. */
async function extensionHostBytes({ home }: DispatchFixture): Promise<number> {
  const pid = await extensionHostPid(join(home, "..", "person"));
  const [, kibibytes = NaN] =
    /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) * 1_024;
}

async function openScreens({ editor, service }: DispatchFixture) {
  await editor.openView("Hosts");
  await editor.runCommand("Join a Fleet");
  await editor.typeInQuickInput(service().link, { prompt: "join link" });
  await editor.waitForNotification("Joined the fleet at");
  await editor.waitForTree("Hosts", "the GPU", (rows) => rows.some(({ level }) => level === 2));
  await editor.runCommand("Open Host Panel");
  await editor.pickQuickInput(hostName);
  const frame: Frame = await findWebview(editor, hostName, (text) => text.startsWith(hostName));
  return {
    async shows(pct: number): Promise<void> {
      const isThere = (text: string) =>
        [...document.querySelectorAll(".chart .value")].some((value) => value.textContent === text);
      await frame.waitForFunction(isThere, `${pct} %`, { timeout: changeLimitMs });
    },
  };
}

async function treeShows({ editor }: DispatchFixture, pct: number): Promise<void> {
  const isThere = (text: string) =>
    [...document.querySelectorAll(".pane .monaco-list-row .label-description")].some((row) =>
      (row.textContent ?? "").includes(text),
    );
  await editor.page.waitForFunction(isThere, ` ${pct}% `, { timeout: changeLimitMs });
}

/** A client with no editor around it, subscribed to the same host. */
function followStream({ home, lab }: DispatchFixture, lifetimes: Lifetimes) {
  const identity = readIdentity(homeLayout(home).identityFile)!;
  const uuid = lab.host(hostName).gpus[0]!.uuid;
  const stream = lifetimes.own(openStream({ identity, client: clientName("bench") }), (opened) =>
    opened.close(),
  );
  let waiting: { pct: number; done: () => void } | null = null;
  stream.subscribe("fleet", {
    onData(data) {
      if (data.kind !== "fleet") return;
      for (const { id } of data.hosts.filter(({ name }) => name === hostName)) follow(id);
    },
  });
  const followed = new Set<string>();
  function follow(id: string): void {
    if (followed.has(id)) return;
    followed.add(id);
    stream.subscribe(`metrics:${id}`, {
      onData(data) {
        if (data.kind !== "metrics") return;
        const load = data.reading?.gpus.find((gpu) => gpu.uuid === uuid)?.utilizationPct;
        if (waiting && load && "value" in load && load.value === waiting.pct) waiting.done();
      },
    });
  }
  return {
    says: (pct: number): Promise<void> => new Promise((done) => (waiting = { pct, done })),
  };
}

function figureOf(timesMs: { panel: number[]; tree: number[]; stream: number[] }, rssBytes: number): Figure {
  const panel = { name: names.panel, ...summarize(timesMs.panel) };
  const tree = { name: names.tree, ...summarize(timesMs.tree) };
  const stream = { kind: "measured" as const, name: names.stream, ...summarize(timesMs.stream) };
  const counterparts: Counterpart[] = [stream];
  const limit = cadenceMs + limitBeyondMs;
  const beyond = (p95Ms: number, what: string): Target => ({
    text: `p95 of ${what} at most ${limitBeyondMs} ms beyond the cadence of ${cadenceMs} ms`,
    value: p95Ms,
    limit,
    met: p95Ms <= limit,
  });
  return {
    id: "reading-to-pixel",
    title:
      "A figure that changes at the host, to what is drawn; up to the cadence of 1 s is waiting for the reading",
    ours: [panel, tree],
    counterparts,
    ratios: ratiosOf(panel, counterparts),
    targets: [beyond(panel.p95Ms, "the panel"), beyond(tree.p95Ms, "the view")],
    memory: [{ name: names.memory, p50Bytes: rssBytes }],
  };
}
