import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Frame } from "playwright-core";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import { seriousFindings } from "../support/editor/axe.ts";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";
import {
  assertGreyed,
  atPointer,
  chartFigures,
  lookAt as seeWideAndNarrow,
  lookInEachTheme as seeInEachTheme,
  machineIsAsToldBy,
  memoryText,
  rowTexts,
  setUtilization,
  pictures,
  takePicture,
} from "./panelsFixture.ts";

const hostNames = ["rtx-box", "h100-node", "spark", "worn-3090", "stale-a10", "cpu-box"];

describe("the panels, in the real editor against real hosts", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let page: Frame;

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startDispatchFixture(hostNames);
    editor = fixture.editor;
  });
  after(() => fixture.stop());

  const picture = (name: string) => takePicture(editor, name);
  const seen = (what: string, fits: () => Promise<boolean>) => editor.until(what, fits);
  const text = () => page.locator("main#page").innerText();
  const rows = () => rowTexts(page);
  const dashboard = () => findWebview(editor, "the dashboard", (shown) => shown.startsWith("Fleet"));
  const hostPanel = (name: string) => findWebview(editor, `${name}'s panel`, (it) => it.startsWith(name));
  const valueOf = async (title: string) => (await chartFigures(page, "GPU 0"))[title];
  const gpu = () => fixture.lab.host("rtx-box").gpus[0]!;
  const setLoad = (pct: number) => setUtilization(fixture.lab.host("rtx-box"), pct);
  type Look = [name: string, find: () => Promise<Frame>];
  const lookInEachTheme = async (...look: Look) => void (page = await seeInEachTheme(editor, ...look));
  const lookAt = async (...look: Look) => void (page = await seeWideAndNarrow(editor, ...look));

  it("offers to join on an empty dashboard, which fills once joined", async () => {
    await editor.runCommand("Open the Fleet Dashboard");
    page = await dashboard();
    await seen("the offer", async () => (await text()).includes("in no fleet yet"));
    assert.deepEqual(await seriousFindings(page), []);
    await picture("dashboard-empty");
    await page.getByRole("button", { name: "Join a Fleet" }).click();
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    await editor.runCommand("Notifications: Clear All Notifications");
    page = await dashboard();
  });

  it("shows every GPU with the lab's figures, hosts without one, and why some cannot be read", async () => {
    // A row has no text until the browser draws it.
    const shown = await editor.until("every host", async () => {
      const drawn = await rows();
      return drawn.length >= 14 && drawn.every((row) => row !== "") && drawn;
    });
    const spec = gpu();
    const gib = (mib: number) => (mib / 1024).toFixed(1);
    const rtx = `${spec.utilizationPct} % ${gib(spec.memoryUsedMib!)}/${gib(spec.memoryTotalMib!)} GiB ${spec.temperatureC} °C ${Math.round(spec.powerW!)} W free`;
    assert.ok(
      shown.some((row) => row.startsWith("rtx-box") && row.includes(rtx)),
      `${rtx}\n${shown.join("\n")}`,
    );
    assert.equal(shown.filter((row) => row.startsWith("h100-node")).length, 8);
    assert.ok(shown.some((row) => /^cpu-box No GPU/.test(row)));
    assert.ok(shown.some((row) => /^stale-a10 GPUs cannot be read: .*mismatch/.test(row)));
    assert.ok(shown.some((row) => /^spark .*unified/.test(row)));
    assert.match(await page.locator("dl.summary").innerText(), /GPUs busy\s+7\/12/);
  });

  it("sorts by every column by key, what has no figure last", async () => {
    const head = (name: string) => page.getByRole("columnheader", { name, exact: true });
    const isSorted = (name: string, way: string) =>
      seen(`${name} ${way}`, async () => (await head(name).getAttribute("aria-sort")) === way);
    // A row that moved has no text until the browser draws it.
    const firstIs = (what: string, fits: RegExp) =>
      seen(`${what} first`, async () => fits.test((await rows())[0] ?? ""));
    await head("Utilisation").getByRole("button").focus();
    await editor.page.keyboard.press("Enter");
    await isSorted("Utilisation", "ascending");
    await firstIs("the idlest", / 0 % /);
    await editor.page.keyboard.press("Enter");
    await isSorted("Utilisation", "descending");
    await firstIs("the busiest", /^h100-node .* 98 % /);
    await seen("what has no figure last", async () =>
      /No GPU|cannot be read/.test((await rows()).at(-1) ?? ""),
    );
    for (const name of ["GPU", "Memory", "Temp.", "Power", "In use by", "Host rate", "Host"]) {
      await head(name).getByRole("button").focus();
      await editor.page.keyboard.press("Space");
      await isSorted(name, "ascending");
      assert.equal(await page.locator("[aria-sort]").count(), 1);
    }
  });

  it("filters by text, and says how many rows are left", async () => {
    const filter = page.getByRole("searchbox");
    await filter.fill("h100 free");
    await seen("three free GPUs", async () => (await rows()).length === 3);
    assert.match(await text(), /3 of 1\d rows/);
    await filter.fill("nothing such");
    await seen("nothing", async () => (await text()).includes("Nothing fits the filter."));
    await filter.fill("");
    await seen("all", async () => (await rows()).length >= 14);
  });

  it("is readable in every theme, wide and narrow, by axe too", () => lookAt("dashboard", dashboard));

  it("opens a host's panel, whose charts follow what changes", async () => {
    await page.getByRole("button", { name: "rtx-box" }).click();
    page = await hostPanel("rtx-box");
    await seen("the figure", async () => (await valueOf("Utilisation")) === `${gpu().utilizationPct} %`);
    setLoad(88);
    await seen("the new figure", async () => (await valueOf("Utilisation")) === "88 %");
    const chart = page.getByRole("img", { name: "Utilisation of GPU 0" });
    await seen("both in the chart", async () =>
      ((await chart.getAttribute("aria-label")) ?? "").includes("3 % to 88 %"),
    );
    await seen("the address", async () => (await text()).includes("ada@127."));
  });

  it("has the figures of the host's own tools, and under the pointer those of that moment", async () => {
    const host = fixture.lab.host("rtx-box");
    const was = gpu();
    host.gpuFiles.update(was.uuid, { "temperature.gpu": "71", "power.draw": "391.40" });
    const shows = (what: string, wanted: Record<string, string>) =>
      seen(what, async () => isDeepStrictEqual(await chartFigures(page, "GPU 0"), wanted));
    const figures = (pct: number, celsius: number, watts: number) => ({
      Utilisation: `${pct} %`,
      Temperature: `${celsius} °C`,
      Power: `${watts} W`,
    });
    const used = { Memory: `${was.memoryUsedMib!.toFixed(1)} MiB` };
    const now = { ...figures(88, 71, 391), Memory: memoryText(was) };
    await shows("the figures of now", now);
    const box = (await page.getByRole("img", { name: "Temperature" }).locator(".u-over").boundingBox())!;
    const pointAt = (share: number) =>
      editor.page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
    await pointAt(0.02);
    const first = { ...figures(3, was.temperatureC!, Math.round(was.powerW!)), ...used };
    await shows("the first figures", atPointer(first));
    await pointAt(0.99);
    await shows("the last figures", atPointer({ ...figures(88, 71, 391), ...used }));
    await picture("host-hovered");
    await editor.page.mouse.move(1, 1);
    await shows("the figures of now again", now);
    await machineIsAsToldBy(host, editor, page);
  });

  it("holds still when paused, and catches up", async () => {
    await page.getByRole("button", { name: "Pause" }).click();
    await seen("the note", async () => (await text()).includes("Paused; readings until"));
    setLoad(12);
    const read = async () => {
      const { reading } = await fixture.client.call("getHost", { params: { host: "rtx-box" } });
      return JSON.stringify(reading?.gpus[0]?.utilizationPct) === '{"value":12}';
    };
    await seen("the service to know", read);
    await lookInEachTheme("host-paused", () => hostPanel("rtx-box"));
    const [note] = /readings until [\d:]+/.exec(await text())!;
    await editor.openFile("wait.py");
    await editor.page.getByRole("tab", { name: /^rtx-box/ }).click();
    page = await hostPanel("rtx-box");
    await seen("the same again", async () => (await text()).includes(note));
    assert.equal(await valueOf("Utilisation"), "88 %");
    await page.getByRole("button", { name: "Resume" }).click();
    await seen("the figure of now", async () => (await valueOf("Utilisation")) === "12 %");
  });

  it("zooms by dragging and by key, in all charts, and back by double-click and Escape", async () => {
    await page.getByText("1 min", { exact: true }).click();
    const chart = page.getByRole("img", { name: "Utilisation of GPU 0" }).locator(".u-over");
    const box = (await chart.boundingBox())!;
    const y = box.y + box.height / 2;
    await editor.page.mouse.move(box.x + box.width * 0.6, y);
    await editor.page.mouse.down();
    await editor.page.mouse.move(box.x + box.width * 0.95, y, { steps: 4 });
    await editor.page.mouse.up();
    await seen("the zoom", async () => (await text()).includes("Zoomed in"));
    await lookInEachTheme("host-zoomed", () => hostPanel("rtx-box"));
    await chart.dblclick();
    await seen("the whole", async () => !(await text()).includes("Zoomed in"));
    await page.getByRole("img", { name: "Power of GPU 0" }).focus();
    await editor.page.keyboard.press("ArrowLeft");
    await seen("the reading in words", async () =>
      /^\d\d:\d\d.*: \d+ W$/.test(await page.locator("p.hidden").innerText()),
    );
    await editor.page.keyboard.press("+");
    await seen("the zoom", async () => (await text()).includes("Zoomed in"));
    await editor.page.keyboard.press("Escape");
    await seen("the whole", async () => !(await text()).includes("Zoomed in"));
  });

  it("shows what it costs, its jobs with their logs, and its last events", async () => {
    await seen("that no rate is known", async () => (await text()).includes("no rate is set"));
    await fixture.client.call("changeHost", {
      params: { host: "rtx-box" },
      body: { rateMicroUsdPerHour: 440_000 },
    });
    const file = join(fixture.workspaceFolder, "train it.py");
    await dispatchFile(fixture.client, { file, host: "rtx-box" });
    await seen("the end of the job", async () => (await text()).includes("exit 3 after"));
    const shown = await text();
    assert.match(shown, /\$0\.44\/h/);
    assert.match(shown, /at today's rate, for the job below/);
    const told = {
      "host.added": "rtx-box was added",
      "host.changed": "rtx-box was changed",
      "job.queued": "train it.py was dispatched",
      "job.failed": "train it.py failed, exit 3",
    };
    for (const [type, what] of Object.entries(told))
      await seen(`the event ${type}`, async () =>
        (await page.locator(`.event [title="${type}"]`).allInnerTexts()).includes(what),
      );
    await page.getByRole("button", { name: "train it.py" }).click();
    await editor.waitForTerminal("exit 3 after");
    await editor.runCommand("Terminal: Kill All Terminals");
    page = await hostPanel("rtx-box");
  });

  it("is readable as well, in every theme, wide and narrow", () =>
    lookAt("host", () => hostPanel("rtx-box")));

  it("shows a host of many GPUs, and one whose GPUs cannot be read", async () => {
    for (const name of ["h100-node", "stale-a10"]) {
      await editor.runCommand("Open Host Panel");
      await editor.pickQuickInput(name);
      page = await hostPanel(name);
      await seen("its charts", async () => (await text()).includes("CPU"));
      await picture(`host-${name}`);
      await editor.runCommand("View: Close Editor");
    }
    setLoad(13);
    page = await hostPanel("rtx-box");
    // Closed panels listen no more, and nothing that they left behind disturbs the others.
    await seen("the next reading", async () => (await valueOf("Utilisation")) === "13 %");
    assert.ok(!(await editor.statusBarText()).includes("not connected"));
  });

  it("is there again after a reload of the window, as it was", async () => {
    await editor.reload();
    // Which tab is in front is the workbench's to remember, and it may remember one moment too early.
    await editor.page.getByRole("tab", { name: /^rtx-box/ }).click();
    page = await hostPanel("rtx-box");
    assert.equal(await page.getByRole("radio", { name: "1 min" }).isChecked(), true);
    await seen("the last minutes at once", async () =>
      /\d+ % to \d+ %/.test(
        (await page.getByRole("img", { name: "CPU of rtx-box" }).getAttribute("aria-label")) ?? "",
      ),
    );
  });

  it("says that the service is gone, with ages, and goes on when it is back", async () => {
    await fixture.killService();
    await seen("the banner", async () => (await text()).includes("Not connected"));
    await seen("an age", async () => /seen (moments|\d+ s) ago/.test(await text()));
    await lookInEachTheme("host-lost", () => hostPanel("rtx-box"));
    await editor.runCommand("Open the Fleet Dashboard");
    page = await dashboard();
    const tabs = editor.page.getByRole("tab", { name: /^Fleet Dashboard/ });
    await seen("one dashboard", async () => (await tabs.count()) === 1);
    await seen("every host dated", async () => {
      const dated = (await rows()).filter((row) => / ago\b/.test(row)).map((row) => row.split(" ")[0]);
      return new Set(dated).size === hostNames.length + 1;
    });
    assert.match(await page.locator(".banner").innerText(), /What is shown was so .* ago\./);
    assert.doesNotMatch(await page.locator(".banner [role=status]").innerText(), / ago/);
    await lookInEachTheme("dashboard-lost", dashboard);
    await fixture.startServiceAgain();
    await seen("no banner", async () => !(await text()).includes("Not connected"));
    await seen("the figures of now", async () => (await rows()).some((row) => /^rtx-box 0 RTX/.test(row)));
  });

  it("shows why a host cannot be reached, and greys what it last said", async () => {
    await fixture.lab.host("spark").stop();
    await editor.until(
      "the reason",
      async () => (await rows()).some((row) => /^spark.* unreachable: /.test(row)),
      60_000,
    );
    assert.equal(await page.locator("tr[data-stale]", { hasText: "GB10" }).count(), 1);
    await lookInEachTheme("dashboard-unreachable", async () => assertGreyed(await dashboard()));
  });
});
