import assert from "node:assert/strict";
import type { Frame } from "playwright-core";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { startFrameHosts } from "../support/frameHosts.ts";
import { addCrowd } from "./crowdFixture.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { lookAt, takePicture } from "./panelsFixture.ts";
import { waitUntilKept } from "./membersFixture.ts";
import { away, startPastFixture } from "./pastFixture.ts";

const hour = 3_600_000;
const crowd = 60;

describe("how busy the fleet was, in the real editor", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let page: Frame;
  let stopCrowd = () => Promise.resolve();

  before(async () => {
    fixture = await startPastFixture({ "rtx-box": 30 * hour, "h100-node": 25 * hour });
    editor = fixture.editor;
    await editor.runCommand("Open the Fleet Dashboard");
    page = await dashboard();
  });
  after(async () => {
    await fixture.stop();
    await stopCrowd();
  });

  const seen = (what: string, fits: () => Promise<boolean>) => editor.until(what, fits);
  const dashboard = () => findWebview(editor, "the dashboard", (shown) => shown.startsWith("Fleet"));
  const cells = () => page.locator(".heat .cells");
  const labels = () => cells().evaluateAll((all) => all.map((cell) => cell.getAttribute("aria-label") ?? ""));
  const spoken = () => page.locator(".heat p.hidden").innerText();

  it("has a row for each GPU, said in words as well, once it was chosen by key", async () => {
    await page.getByText("Now", { exact: true }).click();
    for (let key = 0; key < 2; key += 1) await editor.page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("radio", { name: "Last 24 h" }).isChecked(), true);
    await seen("nine GPUs with what was read", async () => {
      const all = await labels();
      return all.length === 9 && all.every((label) => /^\d+ % on average, \d+ % to \d+ %/.test(label));
    });
    // Not the time in which the hosts were away, give or take what of it began or ended within a column.
    const missing = /nothing read for (\d+) h(?: (\d+) min)?$/.exec((await labels())[0]!)!;
    const awayMinutes = (away.fromMs - away.toMs) / 60_000;
    const minutes = Number(missing[1]) * 60 + Number(missing[2] ?? 0);
    assert.ok(Math.abs(minutes - awayMinutes) <= 30, `${minutes} min of ${awayMinutes}`);
    page = await lookAt(editor, "heat", dashboard);
  });

  it("shows 0 % otherwise than nothing, and busier as more of the colour", async () => {
    const { found, background } = await page
      .locator(".heat-body canvas")
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        const colours = new Map<string, number>();
        for (let at = 0; at < data.length; at += 4) {
          const colour = data.slice(at, at + 4).join();
          colours.set(colour, (colours.get(colour) ?? 0) + 1);
        }
        return { found: [...colours], background: getComputedStyle(document.body).backgroundColor };
      });
    const solid = found.filter(([colour, count]) => colour.endsWith(",255") && count > 100);
    assert.ok(solid.length >= 15, `only ${solid.length} colours`);
    const [red, green, blue] = /\d+, \d+, \d+/.exec(background)![0].split(", ").map(Number);
    assert.ok(!solid.some(([colour]) => colour === `${red},${green},${blue},255`), "0 % looks like nothing");
    assert.ok(
      found.some(([colour]) => !colour.endsWith(",255") && !colour.endsWith(",0")),
      "nothing is hatched",
    );
  });

  it("is moved through by key, each cell in words, and opens a host", async () => {
    await cells().first().focus();
    await editor.page.keyboard.press("End");
    await seen("the newest", async () =>
      /^h100-node · 0 +H100.* · .*, \d\d:\d\d: \d+ %$/.test(await spoken()),
    );
    await editor.page.keyboard.press("ArrowDown");
    await seen("the row below", async () => /^h100-node · 1 +H100/.test(await spoken()));
    for (let key = 0; key < 30; key += 1) await editor.page.keyboard.press("ArrowLeft");
    await seen("the time in which nothing was read", async () => (await spoken()).endsWith(": nothing read"));
    await takePicture(editor, "heat-by-key");
    await editor.page.keyboard.press("Enter");
    await findWebview(editor, "the host's panel", (it) => it.startsWith("h100-node"));
    await editor.runCommand("View: Close Editor");
    page = await dashboard();
  });

  it("follows the filter and the order of the table", async () => {
    await page.getByRole("searchbox").fill("rtx");
    await seen("one row", async () => (await cells().count()) === 1);
    await page.getByRole("searchbox").fill("");
    await page.getByText("Now", { exact: true }).click();
    await page.getByRole("columnheader", { name: "Host", exact: true }).getByRole("button").click();
    await page.getByText("Last 6 h", { exact: true }).click();
    await seen("the last host first", async () =>
      (await page.locator(".heat [aria-rowindex='1']").innerText()).startsWith("rtx-box"),
    );
    await page.getByText("Now", { exact: true }).click();
    await page.getByRole("columnheader", { name: "Host", exact: true }).getByRole("button").click();
    await page.getByText("Last 24 h", { exact: true }).click();
  });

  it("is there again after a reload of the window", async () => {
    await waitUntilKept(editor, String.raw`filter\W+heat\W+24\b`); // without a filter, and of 24 hours
    await editor.reload();
    await editor.page.getByRole("tab", { name: /^Fleet Dashboard/ }).click();
    page = await dashboard();
    assert.equal(await page.getByRole("radio", { name: "Last 24 h" }).isChecked(), true);
    await seen(
      "its rows",
      async () => (await labels()).filter((label) => label.includes("on average")).length === 9,
    );
  });

  it("holds no more rows in the page than can be seen, of however many", async () => {
    const frames = await startFrameHosts(Array.from({ length: crowd }, (_, at) => `crowd-${at + 1}`));
    stopCrowd = () => frames.stop();
    await addCrowd(fixture, frames.hosts);
    const rowCount = async () => Number(await page.getByRole("grid").getAttribute("aria-rowcount"));
    await seen("all rows", async () => (await rowCount()) >= crowd + 9);
    const inPage = await cells().count();
    assert.ok(inPage < 50, `${inPage} rows are in the page`);
    await cells().first().focus();
    const last = `[aria-rowindex='${await rowCount()}']`;
    for (let key = 0; key < 15 && (await page.locator(last).count()) === 0; key += 1)
      await editor.page.keyboard.press("PageDown");
    await editor.page.keyboard.press("PageDown");
    await seen("the last row, read", async () =>
      ((await page.locator(`${last} .cells`).getAttribute("aria-label")) ?? "").includes("on average"),
    );
    await takePicture(editor, "heat-crowd");
  });
});
