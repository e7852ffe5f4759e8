import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { startFrameHosts } from "../support/frameHosts.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";
import {
  addCrowd,
  cadencesMs,
  drawnRows,
  focusTreeWhenShown,
  probeCount,
  rates,
  readAnew,
  rowOfHost,
  setRate,
  shownRate,
} from "./crowdFixture.ts";

const view = "Hosts";
const hostNames = ["rtx-box", "spark", "worn-3090"];
const crowd = 50;
const rounds = 3;
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("many at once, in the real editor", function () {
  this.timeout(300_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let second: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startDispatchFixture(hostNames);
    stop = () => fixture.stop();
    editor = fixture.editor;
  });
  after(() => stop());

  const hostsOf = (window: Editor) =>
    window.waitForTree(view, "every host online", (items) => {
      const hosts = items.filter(({ level }) => level === 1);
      return hosts.length === 4 && hosts.every(({ description }) => description.startsWith("online"));
    });

  it("shows the same fleet in two windows, and a host is read once for both", async () => {
    await editor.runCommand("Join a Fleet");
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.openView(view);
    await hostsOf(editor);
    const rtx = fixture.lab.host("rtx-box");
    await editor.until("one probe each second", async () =>
      (await cadencesMs(fixture.client)).every((ms) => ms === 1_000),
    );
    const before = await probeCount(rtx);
    second = await editor.openWindow();
    await second.openView(view);
    const shown = (await hostsOf(second)).map(({ label }) => label);
    assert.deepEqual(
      (await hostsOf(editor)).map(({ label }) => label),
      shown,
    );
    assert.ok(before > 0, "no probe was seen");
    assert.equal(await probeCount(rtx), before);
  });

  it("shows in one window what was changed in the other", async () => {
    await setRate(second, "spark", "0.25");
    await editor.until(
      "the rate in the other window",
      async () => (await shownRate(editor, "spark")) === "$0.25/h",
    );
    const rtx = fixture.lab.host("rtx-box");
    rtx.gpuFiles.update(rtx.gpus[0]!.uuid, { "utilization.gpu": "63" });
    for (const window of [editor, second])
      await window.waitForTree(view, "63%", (items) =>
        items.some(({ description }) => description.includes("63%")),
      );
    await second.stop();
  });

  it("has fifty hosts that are each read every second", async () => {
    const names = Array.from({ length: crowd - hostNames.length }, (_, index) => `crowd-${index + 1}`);
    const frames = await startFrameHosts(names);
    const stopFixture = stop;
    stop = async () => {
      await stopFixture();
      await frames.stop();
    };
    await addCrowd(fixture, frames.hosts);
    await editor.until(
      "fifty hosts that are watched",
      async () => {
        const cadences = await cadencesMs(fixture.client);
        return cadences.length === crowd && cadences.every((ms) => ms === 1_000);
      },
      90_000,
    );
    await editor.screenshot(`${pictures}crowd-dark.png`);
  });

  it("lets a command be chosen from a context menu while all of them update", async () => {
    for (let round = 1; round <= rounds; round += 1) {
      const before = await rates(fixture.client);
      const menu = await editor.openTreeMenu(view, "crowd-3");
      const drawn = [await drawnRows(editor)];
      for (let reading = 1; reading <= 2; reading += 1) {
        await readAnew(fixture.client);
        drawn.push(await drawnRows(editor));
      }
      assert.equal(new Set(drawn).size, 3, "the rows did not change under the menu");
      assert.ok(await menu.isOpen(), "the menu closed by itself");
      await menu.clickOnce("Set Host Rate");
      await editor.typeInQuickInput(`0.${round}`, { prompt: "What crowd-3 costs" });
      await editor.until("the rate", async () => (await shownRate(editor, "crowd-3")) === `$0.${round}0/h`);
      assert.deepEqual(await rates(fixture.client), { ...before, "crowd-3": round * 100_000 });
    }
  });

  it("lets hosts be folded and unfolded by keyboard while all of them update", async () => {
    await editor.runCommand(`Focus on ${view} View`);
    const focused = editor.page.locator(".pane-body .monaco-list-row.focused").first();
    const isFocused = async (row: number) =>
      (await focused.getAttribute("data-index", { timeout: 1_000 })) === String(row);
    await editor.until("the focus on this machine, which has no GPU to unfold", async () => {
      await editor.page.keyboard.press("Home");
      return isFocused(0);
    });
    await editor.page.keyboard.press("ArrowDown");
    await editor.until("the focus on the host below", () => isFocused(1));
    const label = await focused.locator(".label-name").first().innerText();
    for (let round = 1; round <= rounds; round += 1)
      for (const [key, expanded] of [
        ["ArrowLeft", "false"],
        ["ArrowRight", "true"],
      ] as const) {
        await editor.page.keyboard.press(key);
        const row = rowOfHost(editor, label);
        await editor.until(key, async () => (await row.getAttribute("aria-expanded")) === expanded);
        await readAnew(fixture.client);
        assert.equal(await row.getAttribute("aria-expanded"), expanded);
      }
    assert.equal(await focused.locator(".label-name").first().innerText(), label);
  });

  it("leaves open what a command asks when the tree takes back the focus, as one that redraws may", async () => {
    const box = editor.page.locator(".quick-input-widget:visible");
    for (const [command, shown, isList] of [
      ["Filter the Hosts", "Words that a host", false],
      ["Group the Hosts", "Group the Hosts", true],
      ["Open Terminal on Host", "A host", true],
    ] as const) {
      const taken = focusTreeWhenShown(editor, shown);
      await editor.runCommand(command);
      await taken;
      await readAnew(fixture.client);
      await readAnew(fixture.client);
      assert.ok(await box.isVisible(), `${command} closed by itself`);
      await box.locator("input").first().click();
      await rowOfHost(editor, "crowd-3").click();
      if (isList) await editor.until("the list closed", async () => !(await box.isVisible()));
      else await box.locator("input").first().press("Escape");
    }
  });
});
