import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { waitUntilKept } from "./membersFixture.ts";
import { lookAt, lookInEachTheme, pictures, takePicture } from "./panelsFixture.ts";
import { away, startPastFixture } from "./pastFixture.ts";

const hour = 3_600_000;
const day = 24 * hour;

describe("what hosts did over hours and months, in the real editor", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let page: Frame;

  before(async () => {
    fixture = await startPastFixture({ "rtx-box": 365 * day, "h100-node": 25 * hour });
    editor = fixture.editor;
  });
  after(() => fixture.stop());

  const seen = (what: string, fits: () => Promise<boolean>) => editor.until(what, fits);
  const text = () => page.locator("main#page").innerText();
  const hostPanel = (name: string) => findWebview(editor, `${name}'s panel`, (it) => it.startsWith(name));
  const chart = (title: string) => page.getByRole("img", { name: `${title} of GPU 0` });
  const rangeOf = async (title: string) =>
    /(\d+) [^ ,]+ to (\d+) [^ ,]+ in the time shown/.exec(
      (await chart(title).getAttribute("aria-label")) ?? "",
    );
  const saveDialog = () =>
    editor.page.locator(".quick-input-widget:visible", { hasText: "Save What the Charts Show" });
  const saved = async () =>
    (await readdir(fixture.workspaceFolder)).filter((name) => /\.(csv|png)$/.test(name));
  async function save(kind: "CSV" | "PNG", name: string): Promise<Buffer> {
    const file = join(fixture.workspaceFolder, name);
    await page.getByRole("button", { name: `Save as ${kind}` }).click();
    // The editor puts its own name in a moment after the question is there, over what was typed by then.
    const input = saveDialog().locator("input[type=text]").first();
    const ending = `.${kind.toLowerCase()}`;
    await seen("the name that is proposed", async () => (await input.inputValue()).endsWith(ending));
    await input.fill(file);
    await seen("the name that was typed", async () => (await input.inputValue()) === file);
    await input.press("Enter");
    await editor.waitForNotification(`Saved: ${file}`);
    await editor.runCommand("Notifications: Clear All Notifications");
    return readFile(file);
  }
  const hasStep = (step: string) =>
    seen(`steps of ${step}`, async () => (await text()).includes(`each point is ${step}:`));

  it("are chosen by key, and each chart then spans a day", async () => {
    await editor.runCommand("Open Host Panel");
    await editor.pickQuickInput("rtx-box");
    page = await hostPanel("rtx-box");
    await page.getByText("15 min", { exact: true }).click();
    for (let key = 0; key < 2; key += 1) await editor.page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("radio", { name: "24 h" }).isChecked(), true);
    await hasStep("5 min");
    await seen("the highest load of the day", async () => Number((await rangeOf("Utilisation"))?.[2]) >= 60);
    page = await lookInEachTheme(editor, "host-day", () => hostPanel("rtx-box"));
  });

  it("say under the pointer when it was and how much, with units", async () => {
    const box = (await chart("Power").locator(".u-over").boundingBox())!;
    await editor.page.mouse.move(box.x + box.width * 0.2, box.y + box.height / 2);
    const head = page.locator(".charts section", { hasText: "GPU 0" }).locator(".chart-head").last();
    await seen("time and watts", async () =>
      /\d{1,2} \w{3}, \d\d:\d\d\s+\d+ W$/.test((await head.innerText()).trim()),
    );
    await takePicture(editor, "host-day-hovered");
    await editor.page.mouse.move(1, 1);
  });

  it("have a gap where nothing was read, and no line through it", async () => {
    const inked = (agoMs: number) =>
      chart("Utilisation")
        .locator("canvas")
        .evaluate(
          (canvas: HTMLCanvasElement, share) => {
            const over = canvas.parentElement!.querySelector<HTMLElement>(".u-over")!;
            const scale = canvas.width / canvas.clientWidth;
            const x = Math.round((over.offsetLeft + over.offsetWidth * share) * scale);
            const [y, height] = [over.offsetTop * scale, over.offsetHeight * scale];
            const { data } = canvas.getContext("2d")!.getImageData(x, y, 1, height);
            return data.filter((alpha, at) => at % 4 === 3 && alpha > 0).length;
          },
          1 - agoMs / day,
        );
    const middle = (away.fromMs + away.toMs) / 2;
    // Beside lines of the grid, which are there as well.
    const inGap = Math.min(
      await inked(middle),
      await inked(middle + hour / 4),
      await inked(middle - hour / 4),
    );
    assert.ok(inGap <= 8, `${inGap} pixels of the gap are drawn`);
    const busiest = await Promise.all([2, 4, 11, 13, 15, 17, 19, 21].map((hours) => inked(hours * hour)));
    assert.ok(Math.max(...busiest) > 20, `no more than ${Math.max(...busiest)} pixels elsewhere`);
  });

  it("have finer steps where they are zoomed in on, by pointer and by key, and lead back", async () => {
    const box = (await chart("Utilisation").locator(".u-over").boundingBox())!;
    const y = box.y + box.height / 2;
    await editor.page.mouse.move(box.x + box.width * 0.3, y);
    await editor.page.mouse.down();
    await editor.page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
    await editor.page.mouse.up();
    await hasStep("1 min");
    await seen("the note", async () => (await text()).includes("Zoomed in"));
    await takePicture(editor, "host-day-zoomed");
    await chart("Utilisation").locator(".u-over").dblclick();
    await hasStep("5 min");
    await chart("Power").focus();
    for (let key = 0; key < 3; key += 1) await editor.page.keyboard.press("+");
    await hasStep("1 min");
    await editor.page.keyboard.press("ArrowRight");
    await seen("the moment in words", async () =>
      /^\d+ \w+ \d{4}, \d\d:\d\d: (\d+ W|nothing read)$/.test(await page.locator("p.hidden").innerText()),
    );
    await editor.page.keyboard.press("Escape");
    await hasStep("5 min");
  });

  it("say so where nothing was read, with the way back", async () => {
    const box = (await chart("Utilisation").locator(".u-over").boundingBox())!;
    const y = box.y + box.height / 2;
    const [from, to] = [away.fromMs - 0.5 * hour, away.toMs + 0.5 * hour].map((ms) => 1 - ms / day);
    await editor.page.mouse.move(box.x + box.width * from!, y);
    await editor.page.mouse.down();
    await editor.page.mouse.move(box.x + box.width * to!, y, { steps: 4 });
    await editor.page.mouse.up();
    await seen("why", async () => (await text()).includes("nothing was read in this time"));
    assert.equal(await page.getByRole("button", { name: "Save as CSV" }).isDisabled(), true);
    await takePicture(editor, "host-day-nothing");
    await chart("Utilisation").focus();
    await editor.page.keyboard.press("Escape");
    await hasStep("5 min");
  });

  it("are saved as CSV where the person says, and nowhere else", async () => {
    const shown = (await rangeOf("Utilisation"))!.slice(1).map(Number);
    await page.getByRole("button", { name: "Save as CSV" }).click();
    await seen("the question", async () => (await saveDialog().count()) > 0);
    await editor.page.keyboard.press("Escape");
    await seen("no question", async () => (await saveDialog().count()) === 0);
    assert.deepEqual(await saved(), []);
    const text = (await save("CSV", "day.csv")).toString("utf8");
    const [head = "", ...rows] = text.slice(1).trimEnd().split("\r\n");
    assert.equal(
      head,
      [
        "Time (UTC),CPU (%),Memory in use (bytes),GPU 0 · RTX 4090: utilisation (%)",
        "GPU 0 · RTX 4090: memory in use (bytes),GPU 0 · RTX 4090: temperature (°C),GPU 0 · RTX 4090: power (W)",
      ].join(","),
    );
    const loads = rows.map((row) => Number(row.split(",")[3]));
    assert.deepEqual([Math.min(...loads), Math.max(...loads)].map(Math.round), shown);
    // A day in steps of five minutes, but for the time in which nothing was read.
    const steps = (day - (away.fromMs - away.toMs)) / 300_000;
    assert.ok(Math.abs(rows.length - steps) <= 3, `${rows.length} rows of ${steps}`);
    for (const row of rows) assert.match(row, /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z(,-?[\d.]*){6}$/);
  });

  it("are saved as a picture", async () => {
    const png = await save("PNG", "day.png");
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    assert.ok(width > 1_500 && height > 500, `${width} × ${height}`);
    await writeFile(`${pictures}saved-day.png`, png);
  });

  it("reach back a year", async () => {
    await page.getByText("1 year", { exact: true }).click();
    await hasStep("24 h");
    await seen("its figures", async () => (await rangeOf("Utilisation")) !== null);
    page = await lookAt(editor, "host-year", () => hostPanel("rtx-box"));
    await page.getByText("30 days", { exact: true }).click();
    await hasStep("2 h");
    await takePicture(editor, "host-month");
  });

  it("are of each GPU of a host of many", async () => {
    await editor.runCommand("Open Host Panel");
    await editor.pickQuickInput("h100-node");
    page = await hostPanel("h100-node");
    await page.getByText("6 h", { exact: true }).click();
    await hasStep("1 min");
    await takePicture(editor, "host-h100-hours");
    await editor.runCommand("View: Close Editor");
  });

  it("are there again after a reload of the window, as they were chosen", async () => {
    await waitUntilKept(editor, String.raw`minutes\W+43200\b`); // thirty days
    await editor.reload();
    await editor.page.getByRole("tab", { name: /^rtx-box/ }).click();
    page = await hostPanel("rtx-box");
    await seen("the span", () => page.getByRole("radio", { name: "30 days" }).isChecked());
    await hasStep("2 h");
  });

  it("say that nobody can be asked while the service is gone", async () => {
    await fixture.killService();
    await seen("the banner", async () => (await text()).includes("Not connected"));
    assert.ok((await text()).includes("each point is 2 h"), "what was read is gone");
    await page.getByText("7 days", { exact: true }).click();
    await seen("why", async () => (await text()).includes("Not read: there is no contact."));
    await takePicture(editor, "host-past-lost");
    await fixture.startServiceAgain();
    await hasStep("30 min");
  });
});
