import { mkdir } from "node:fs/promises";
import { createRollUps } from "../../service/metrics/createRollUps.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { openMetricsFile } from "../../service/store/openMetricsFile.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";
import { pictures } from "./panelsFixture.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago the hosts were away, in milliseconds. */
export const away = { fromMs: 9 * hour, toMs: 6.5 * hour } as const;

/** How busy a GPU was: a work day by the hour, idle at night, the first of a host more than the last. */
export function pastLoad(atMs: number, gpu: number): number {
  const inDay = (atMs % day) / day;
  const work = Math.max(0, Math.sin(2 * Math.PI * (inDay - 0.25)));
  const jitter = (Math.floor(atMs / (7 * minute)) * 37 + gpu * 11) % 23;
  return work < 0.05 ? 0 : Math.min(100, Math.round((70 - 6 * gpu) * work + jitter));
}

/** The times of a year's readings before a moment: nearer ones lie closer together. */
function times(nowMs: number, sinceMs: number): number[] {
  const found: number[] = [];
  const end = Math.floor(nowMs / minute) * minute;
  for (let at = end - sinceMs; at < end;) {
    const agoMs = end - at;
    if (agoMs < away.toMs || agoMs > away.fromMs) found.push(at);
    at += agoMs > 30 * hour ? 2 * hour : minute;
  }
  return found;
}

/** Lets a host's real reading have been read over a long time, with loads of then, as the service would have kept it. */
function play(add: (reading: HostReading) => void, reading: HostReading, atMs: number): void {
  const gpus = reading.gpus.map((gpu, index) => {
    if ("unsupported" in gpu.utilizationPct) return gpu;
    const load = pastLoad(atMs, index);
    const celsius = 34 + Math.round(load * 0.45);
    return {
      ...gpu,
      utilizationPct: { value: load },
      powerW: "value" in gpu.powerW ? { value: 25 + 3 * load } : gpu.powerW,
      temperatureC: "value" in gpu.temperatureC ? { value: celsius } : gpu.temperatureC,
    };
  });
  add({ ...reading, atMs, cpuPct: { value: 4 + pastLoad(atMs, 2) / 3 }, gpus });
}

/** Gives hosts a past of so long each, by their names; the service is started anew meanwhile. */
async function givePast(
  fixture: DispatchFixture,
  sinceMs: Readonly<Record<string, number>>,
): Promise<number> {
  const { hosts } = await fixture.client.call("listHosts");
  await fixture.killService();
  const nowMs = Date.now();
  const fail = (error: unknown): void => {
    throw new Error("the past could not be written", { cause: error });
  };
  const file = openMetricsFile(homeLayout(fixture.home).metrics, fail);
  for (const { name, reading } of hosts) {
    const since = sinceMs[name];
    if (since === undefined || reading === null) continue;
    let atMs = 0;
    const rollUps = createRollUps(file, () => atMs, fail);
    for (const [index, time] of times(nowMs, since).entries()) {
      atMs = time;
      play(rollUps.add, reading, time);
      // No more than a few pieces wait to be written.
      if (index % 3 === 2) if (nowMs - time > 30 * hour || index % 60 === 2) rollUps.writeAll();
    }
    rollUps.writeAll();
  }
  file.close();
  await fixture.startServiceAgain();
  return nowMs;
}

/** An editor in a fleet of three hosts, of which some have a past: so many milliseconds of it, by name. */
export async function startPastFixture(sinceMs: Readonly<Record<string, number>>): Promise<DispatchFixture> {
  await mkdir(pictures, { recursive: true });
  const fixture = await startDispatchFixture(["rtx-box", "h100-node", "cpu-box"]);
  try {
    const { editor } = fixture;
    await editor.until("readings of all", async () =>
      (await fixture.client.call("listHosts")).hosts.every(({ reading }) => reading !== null),
    );
    await givePast(fixture, sinceMs);
    await editor.runCommand("Join a Fleet");
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    await editor.runCommand("Notifications: Clear All Notifications");
    return fixture;
  } catch (error) {
    await fixture.stop();
    throw error;
  }
}
