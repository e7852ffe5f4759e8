import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { backgroundOf, fleetItem } from "./actionsFixture.ts";
import { startEmptyHanded, vault, type EmptyHanded } from "./emptyHandedFixture.ts";
import { reloadWindow } from "./jobsFixture.ts";

const view = "Hosts";
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
/** So long a window is watched that must not ask anything. */
const quietMs = 2_000;

describe("what is asked of whom, in two windows of the real editor", function () {
  this.timeout(240_000);
  let fixture: EmptyHanded;
  let first: Editor;
  let second: Editor;

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startEmptyHanded(["rtx-box"]);
    first = fixture.editor;
  });
  after(() => fixture.stop());

  const box = ({ page }: Editor) => page.locator(".quick-input-widget:visible, .monaco-dialog-box:visible");
  const isAsked = (window: Editor, what: string) =>
    window.until(`the question for ${what}`, async () =>
      (await box(window).allInnerTexts()).some((text) => text.includes(what)),
    );

  async function beginToAdd(name: string): Promise<void> {
    await first.runCommand("hwLedger: Add a Host");
    await first.pickQuickInput(name);
    await first.typeInQuickInput(name, { prompt: "What to call it" });
    await first.typeInQuickInput("", { prompt: "US dollars per hour" });
  }

  it("shows the fleet in the status bar of a window that was left in the Explorer", async () => {
    await first.openView(view);
    await first.page.getByRole("button", { name: "Start a Fleet on This Machine" }).click();
    await first.waitForNotification("Joined the fleet at", 60_000);
    await first.runCommand("View: Show Explorer");
    await reloadWindow(first);
    await fleetItem(first).waitFor({ timeout: 30_000 });
    assert.equal(await first.page.locator(".pane-header:visible", { hasText: view }).count(), 0);
    await first.until(
      "its figures",
      async () => (await fleetItem(first).innerText()).trim() === "no GPUs",
      30_000,
    );
  });

  it("ends a question with the work that is cancelled, and keeps nothing of the host", async () => {
    await first.openView(view);
    await beginToAdd("vault");
    await isAsked(first, "Passphrase of the key");
    const progress = first.page.locator(".notification-toast", { hasText: "Connecting to vault" });
    await progress.getByRole("button", { name: "Cancel" }).click();
    await first.until("no question", async () => (await box(first).count()) === 0);
    await first.until("a calm status bar", async () => !(await backgroundOf(fleetItem(first))).isRed);
    const rows = await first.waitForTree(view, "the hosts", (items) => items.length > 0);
    assert.deepEqual(rows.filter(({ level }) => level === 1).length, 1);
  });

  it("asks in the window that has made the host ask, and leaves who writes in another alone", async () => {
    second = await first.openWindow();
    await second.openFile("hello.py");
    await fleetItem(second).waitFor({ timeout: 30_000 });
    await beginToAdd("vault");
    await isAsked(first, "Passphrase of the key");
    await second.until("a red status bar", async () => (await backgroundOf(fleetItem(second))).isRed);
    await second.page.waitForTimeout(quietMs);
    assert.equal(await box(second).count(), 0);
    await second.page.locator(".monaco-editor .view-lines").first().click();
    await second.page.keyboard.type("# still mine\n");
    await second.until("what was written", async () =>
      (await second.page.locator(".view-lines").first().innerText())
        .replaceAll("\u00a0", " ")
        .includes("# still mine"),
    );
    await isAsked(first, "Passphrase of the key");
    await second.screenshot(`${pictures}questions-elsewhere-dark.png`);
  });

  it("asks in the other window by a click in the status bar, and takes the question back in the first", async () => {
    await fleetItem(second).click();
    await isAsked(second, "Passphrase of the key");
    // Who has only looked ends nothing, and may look again.
    await second.page.keyboard.press("Escape");
    await second.until("no question", async () => (await box(second).count()) === 0);
    await second.page.waitForTimeout(quietMs);
    await isAsked(first, "Passphrase of the key");
    await fleetItem(second).click();
    await isAsked(second, "Passphrase of the key");
    await second.typeInQuickInput(vault.keyPassphrase, { prompt: "Passphrase of the key" });
    // What comes next is asked of who has begun it again.
    await isAsked(first, "Password of");
    await second.page.waitForTimeout(quietMs);
    assert.equal(await box(second).count(), 0);
    await first.typeInQuickInput(vault.password, { prompt: "Password of" });
    await first.waitForNotification("vault is in the fleet", 60_000);
    await first.runCommand("hwLedger: Answer the Hosts' Questions");
    await first.waitForNotification("No host asks anything now.");
  });
});
