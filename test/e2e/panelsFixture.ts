import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Frame } from "playwright-core";
import type { LabGpu } from "../lab/labGpuFiles.ts";
import type { LabHost } from "../lab/labHost.ts";
import { seriousFindings } from "../support/editor/axe.ts";
import type { Editor } from "../support/editor/editor.ts";

const themes = { dark: "Dark Modern", light: "Light Modern", contrast: "Default High Contrast" };
const wide = { width: 1440, height: 900 };
/** With the workbench's own bars taken off, this leaves a page some 330 px. */
const narrow = { width: 400, height: 900 };
const gib = 2 ** 30;

/** Folder of the pictures that tests take. */
export const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

export function takePicture(editor: Editor, name: string): Promise<void> {
  return editor.screenshot(`${pictures}panel-${name}.png`);
}

/** A page that takes the focus while it is drawn closes the list of themes: then once more. */
function setTheme(editor: Editor, id: string): Promise<boolean> {
  return editor.until(`the theme ${id}`, () => editor.setTheme(id).then(() => true), 60_000);
}

/** Takes pictures of a page as it stands in each theme, and asks axe about it. Returns the page, which is another one then. */
export async function lookInEachTheme(
  editor: Editor,
  name: string,
  find: () => Promise<Frame>,
): Promise<Frame> {
  for (const [theme, id] of Object.entries(themes)) {
    await setTheme(editor, id);
    assert.deepEqual(await seriousFindings(await find()), [], `${name}, ${theme}`);
    await takePicture(editor, `${name}-${theme}`);
  }
  await setTheme(editor, themes.dark);
  return await find();
}

/** Sees that rows of what was last known have another colour than those of now, and that a GPU that was busy looks so. */
export async function assertGreyed(page: Frame): Promise<Frame> {
  const colour = (rows: string) =>
    page
      .locator(`tbody ${rows} td`)
      .first()
      .evaluate((cell) => getComputedStyle(cell).color);
  assert.notEqual(await colour("tr[data-stale]"), await colour("tr:not([data-stale])"));
  const dot = page.locator("tr[data-stale] td[data-use=busy]");
  const inside = await dot.evaluate((cell) => getComputedStyle(cell, "::before").backgroundColor);
  assert.notEqual(inside, "rgba(0, 0, 0, 0)", "what was busy looks free");
  return page;
}

/** Looks wide, then narrow. */
export async function lookAt(editor: Editor, name: string, find: () => Promise<Frame>): Promise<Frame> {
  await lookInEachTheme(editor, name, find);
  const sideBar = editor.page.locator(".part.sidebar");
  if (await sideBar.isVisible()) await editor.runCommand("Toggle Primary Side Bar Visibility");
  await editor.page.setViewportSize(narrow);
  const page = await find();
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  await editor.until("no scrolling to the side", fits);
  assert.deepEqual(await seriousFindings(page), [], `${name}, narrow`);
  await takePicture(editor, `${name}-narrow`);
  await editor.page.setViewportSize(wide);
  return await find();
}

/** Bytes of memory as the host's own tools tell them: inside a control group with a limit, those of the group. */
async function memoryOf(host: LabHost): Promise<{ usedBytes: number; totalBytes: number }> {
  const { stdout } = await host.run(["free", "-b"]);
  const [totalBytes = 0, , , , , availableBytes = 0] = (/^Mem:(.*)$/m.exec(stdout)?.[1] ?? "")
    .trim()
    .split(/\s+/)
    .map(Number);
  const group = await host.run([
    "sh",
    "-c",
    "cd /sys/fs/cgroup && cat memory.max memory.current memory.stat",
  ]);
  const [limit, current] = group.stdout.split("\n").map(Number);
  if (limit && current && limit < totalBytes) {
    const cache = Number(/^inactive_file (\d+)$/m.exec(group.stdout)?.[1]);
    return { usedBytes: current - cache, totalBytes: limit };
  }
  return { usedBytes: totalBytes - availableBytes, totalBytes };
}

/** Keeps all processors of the machine busy for a while, out of everyone's way; gives how busy they were by /proc/stat. */
async function busyPct(host: LabHost): Promise<number> {
  const spin =
    "head -n1 /proc/stat; n=$1; while [ $((n -= 1)) -ge 0 ]; do nice -n 19 timeout 6 sh -c 'while :; do :; done' & done; wait; head -n1 /proc/stat";
  const { stdout } = await host.run(["sh", "-c", spin, "sh", String(availableParallelism())]);
  const [before = [], after = []] = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/).slice(1, 9).map(Number));
  const spent = after.map((ticks, column) => ticks - (before[column] ?? 0));
  const all = spent.reduce((sum, ticks) => sum + ticks, 0);
  return (100 * (all - (spent[3] ?? 0) - (spent[4] ?? 0))) / all;
}

const pointer = "at the pointer: ";

/** Such figures as those of what the pointer is at. */
export function atPointer(figures: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(figures).map(([title, figure]) => [title, pointer + figure]));
}

/** What stands above each chart of a part of a host's panel, by the chart's title. */
export function chartFigures(page: Frame, part: string): Promise<Partial<Record<string, string>>> {
  const charts = page.locator(".charts section", { hasText: part }).locator(".chart");
  return charts.evaluateAll(
    (all, lead) =>
      Object.fromEntries(
        all.map((chart) => {
          const value = chart.querySelector(".value");
          const figure = value?.textContent ?? "";
          const title = chart.querySelector("h3")?.textContent ?? "";
          return [title, value?.hasAttribute("data-hovered") ? lead + figure : figure];
        }),
      ),
    pointer,
  );
}

/** Waits until a host's panel says of the machine what the host's own tools say, with its processors at work. */
export async function machineIsAsToldBy(host: LabHost, editor: Editor, page: Frame): Promise<void> {
  const figure = async (title: string) => (await chartFigures(page, "Machine"))[title] ?? "";
  await editor.until("the machine's memory", async () => {
    const { usedBytes, totalBytes } = await memoryOf(host);
    const [used = "", total] = (await figure("Memory")).split(/[/ ]/);
    const isNear = Math.abs(Number(used) - usedBytes / gib) < 0.25;
    return used !== "" && isNear && total === (totalBytes / gib).toFixed(1);
  });
  const busy = busyPct(host);
  await editor.until("the processors at work", async () => /^(9\d|100) %$/.test(await figure("CPU")));
  assert.ok((await busy) > 85, `${await busy} % by /proc/stat`);
}

/** A GPU's memory as its figure of now has it: `0.6/24.0 GiB`. */
export function memoryText({ memoryUsedMib, memoryTotalMib }: LabGpu): string {
  return `${((memoryUsedMib ?? NaN) / 1_024).toFixed(1)}/${((memoryTotalMib ?? NaN) / 1_024).toFixed(1)} GiB`;
}

/** Texts of the dashboard's rows. */
export async function rowTexts(page: Frame): Promise<string[]> {
  return (await page.locator("tbody tr").allInnerTexts()).map((row) => row.replace(/\s+/g, " ").trim());
}

/** Changes what the first GPU of a host of the lab says of its load. */
export function setUtilization({ gpus, gpuFiles }: LabHost, pct: number): void {
  gpuFiles.update(gpus[0]!.uuid, { "utilization.gpu": String(pct) });
}
