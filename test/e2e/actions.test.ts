import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { backgroundOf, badge, fleetItem, hoverText, shownHover } from "./actionsFixture.ts";
import { changeStore } from "./awayFixture.ts";
import { rowOfHost } from "./crowdFixture.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { startJobsFixture, waitForJob } from "./jobsFixture.ts";

const view = "Hosts";
const hostNames = ["rtx-box", "h100-node"];
const rates = { "rtx-box": 440_000, "h100-node": 2_500_000 };
/** More than one page of the Ledger view, which has a hundred. */
const manyChanges = 110;
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("what can be pointed at and clicked, in the real editor against real hosts", function () {
  this.timeout(180_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startJobsFixture(hostNames);
    editor = fixture.editor;
    stop = () => fixture.stop();
    await editor.openView(view);
    await online();
  });
  after(() => stop());

  const picture = (name: string) => editor.screenshot(`${pictures}actions-${name}.png`);
  const online = () =>
    editor.waitForTree(view, "every host online", (items) => {
      const hosts = items.filter(({ level }) => level === 1);
      return hosts.length === 3 && hosts.every(({ description }) => description.startsWith("online"));
    });
  const setRate = (host: string, rateMicroUsdPerHour: number) =>
    fixture.client.call("changeHost", { params: { host }, body: { rateMicroUsdPerHour } });
  const gpus = () => hostNames.flatMap((name) => fixture.lab.host(name).gpus);

  it("has the lab's figures in the status bar, and opens the dashboard from there", async () => {
    for (const [host, rate] of Object.entries(rates)) await setRate(host, rate);
    const apps = await readFile(join(fixture.lab.host("h100-node").gpuFiles.dir, "apps.csv"), "utf8");
    const taken = gpus().filter(({ uuid }) => apps.includes(uuid)).length;
    const meanPct = Math.round(gpus().reduce((sum, gpu) => sum + gpu.utilizationPct!, 0) / gpus().length);
    const figures = `${taken}/${gpus().length} GPUs · ${meanPct} % · $2.94/h`;
    assert.equal(taken, 5);
    await editor.until(figures, async () => (await fleetItem(editor).innerText()).trim() === figures);
    const text = await hoverText(editor, fleetItem(editor), "hosts online");
    for (const line of [
      "3 of 3 hosts online",
      `${taken} of ${gpus().length} GPUs busy`,
      `${meanPct} % utilised on average`,
      "$2.94/h for the hosts online with a rate",
    ])
      assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
    assert.deepEqual(await shownHover(editor).getByRole("link").allInnerTexts(), [
      "Dashboard",
      "Members",
      "Switch fleet",
    ]);
    await picture("status-bar");
    await fleetItem(editor).click();
    await findWebview(editor, "the dashboard", (shown) => shown.startsWith("Fleet"));
    await editor.runCommand("View: Close All Editors");
  });

  it("says everything about a host to who points at it, as a table", async () => {
    const { address, port, user } = fixture.lab.host("rtx-box");
    const text = await hoverText(editor, rowOfHost(editor, "rtx-box"), "Status");
    const table = shownHover(editor).locator("table tr");
    const facts = (await table.allInnerTexts()).map((row) => row.replaceAll(/\s+/g, " ").trim());
    for (const fact of [
      "Status online",
      `Reached SSH ${user}@${address}:${port}`,
      "GPUs 1 of 1 free",
      "Jobs of ours 0",
      "Rate $0.44/h",
    ])
      assert.ok(facts.includes(fact), `${fact}\n${facts.join("\n")}`);
    for (const figure of [
      /^CPU \d+ %$/,
      /^Memory [\d.]+\/[\d.]+ GiB$/,
      /^Probe every 1 s, [\d.]+ KiB so far$/,
    ])
      assert.ok(
        facts.some((fact) => figure.test(fact)),
        `${figure}\n${facts.join("\n")}`,
      );
    assert.equal(await shownHover(editor).locator("strong").first().innerText(), "rtx-box");
    // The editor keeps what a row says until the row is drawn anew, which an idle one may not be for hours.
    const readAt = (said: string) => /\bat (\d\d:\d\d:\d\d)/.exec(said)?.[1] ?? assert.fail(said);
    const early = await hoverText(editor, rowOfHost(editor, "h100-node"), "Status");
    await editor.page.mouse.move(700, 300);
    await editor.page.waitForTimeout(35_000);
    const late = await hoverText(editor, rowOfHost(editor, "h100-node"), "Status");
    assert.notEqual(readAt(late), readAt(early));
    assert.doesNotMatch(text, /\*\*|undefined|NaN/);
    await picture("host-hover");
  });

  it("dispatches the open file from the run button above it", async () => {
    await editor.openFile("train it.py");
    const button = editor.page.locator('.editor-actions [aria-label^="Dispatch to GPU host"]').first();
    await button.click();
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("train it.py → rtx-box");
    await editor.waitForTerminal("exit 3 after");
  });

  it("counts the running jobs on its icon, copies a job's id, and cancels by the button in the row", async () => {
    assert.equal(await badge(editor), "");
    await editor.openFile("wait.py");
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput("rtx-box");
    const { id } = await waitForJob(fixture, "wait.py", ({ state }) => state === "running");
    await editor.until("one running job on the icon", async () => (await badge(editor)) === "1");
    await editor.waitForTree("Jobs", "the running job", ([group]) => group?.label === "Running");
    await picture("badge");
    await editor.page.evaluate(() => navigator.clipboard.writeText("nothing copied yet"));
    await editor.treeContextMenu("Jobs", "wait.py", "Copy Job Id");
    await editor.until("the id on the clipboard", async () => {
      const copied = await editor.page.evaluate(() => navigator.clipboard.readText());
      if (copied !== "nothing copied yet") assert.equal(copied, id);
      return copied === id;
    });
    await editor.until("word of it in the status bar", async () =>
      (await editor.statusBarText()).includes(`Copied ${id}`),
    );
    const row = editor.page.locator('.pane-body [role="treeitem"]', { hasText: "wait.py" });
    await row.hover();
    await row.getByRole("button", { name: "Cancel Job" }).click();
    await editor.pressDialogButton("Cancel wait.py on rtx-box?", "Cancel Job");
    await waitForJob(fixture, "wait.py", ({ state }) => state === "cancelled");
    await editor.until("no number on the icon", async () => (await badge(editor)) === "");
  });

  it("shows older events of the ledger when asked, down to the first", async () => {
    for (let change = 1; change <= manyChanges; change += 1) await setRate("rtx-box", change * 1_000);
    await setRate("rtx-box", rates["rtx-box"]);
    await editor.openView("Ledger");
    const last = editor.page.locator(".pane-body [role=treeitem][data-last-element=true]", {
      hasText: /Show older events…|the fleet was made/,
    });
    const lastIs = (text: string) =>
      editor.until(`"${text}" as the last row`, async () => {
        await editor.page.keyboard.press("End");
        return (await last.innerText({ timeout: 1_000 })).startsWith(text) && rowNumber();
      });
    const rowNumber = async () => Number(await last.getAttribute("data-index"));
    await editor.runCommand("Focus on Ledger View");
    assert.equal(await lastIs("Show older events…"), 101);
    await last.click();
    const number = await lastIs("the fleet was made");
    assert.equal(number, (await fixture.client.call("listLedger", { query: { limit: 1 } })).total);
  });

  it("is red, with a badge, when the ledger does not hold, and leads to what it says", async () => {
    const { home } = fixture;
    const isRed = async () => (await backgroundOf(fleetItem(editor))).isRed;
    const marks = async () => `${await isRed()} ${await badge(editor)}`;
    assert.equal(await marks(), "false ");
    changeStore(home, "UPDATE events SET actor = actor || '!' WHERE seq = 3", ["events_no_update"]);
    await editor.runCommand("hwLedger: Verify the Ledger");
    const { severity } = await editor.waitForNotification("The ledger is broken at event 3: ");
    assert.equal(severity, "error");
    await editor.until("a red item and a badge", async () => (await marks()) === "true 1");
    await editor.runCommand("View: Close Primary Side Bar");
    await hoverText(editor, fleetItem(editor), "The ledger's chain does not hold");
    await fleetItem(editor).click();
    const focused = editor.page.locator(".pane-body .monaco-list:focus-within .monaco-list-row.focused");
    await editor.until("the verdict in the view that has the focus", async () => {
      await editor.page.keyboard.press("Home");
      const text = (await focused.innerText({ timeout: 1_000 })).replaceAll("\n", " ");
      return /^Broken at event 3 ?(moments|\d+ s) ago: its content is not what its hash says$/.test(text);
    });
    await picture("ledger-broken");
    changeStore(home, "UPDATE events SET actor = replace(actor, '!', '') WHERE seq = 3");
    await editor.runCommand("hwLedger: Verify the Ledger");
    await editor.waitForNotification("The ledger holds: all");
    await editor.until("neither", async () => (await marks()) === "false ");
  });

  it("shows its output, as detailed as the chosen level", async () => {
    await editor.runCommand("hwLedger: Show the Extension's Output");
    const output = editor.page.locator(".output-view .view-lines");
    const shown = async () => (await output.innerText()).replaceAll("\u00a0", " ");
    await editor.until("the contact", async () => /\[info\] .*: live/.test(await shown()));
    const setLevel = async (level: string) => {
      await editor.runCommand("Developer: Set Log Level...");
      await editor.pickQuickInput("hwLedger Fleet");
      await editor.pickQuickInput(level);
    };
    const ask = () => editor.runCommand("hwLedger: Verify the Ledger");
    const told = (await editor.notifications()).length;
    await ask();
    await editor.until("the verdict", async () => (await editor.notifications()).length > told);
    assert.doesNotMatch(await shown(), /verifyLedger/);
    await setLevel("Debug");
    await ask();
    await editor.until("the request", async () =>
      /\[debug\] verifyLedger: done in \d+ ms/.test(await shown()),
    );
    await picture("output");
    await setLevel("Info");
  });

  it("groups the hosts by how they are reached", async () => {
    await editor.runCommand("hwLedger: Group the Hosts");
    await editor.pickQuickInput("By Source");
    const items = await editor.waitForTree(view, "both groups", (rows) => {
      return rows.filter(({ level }) => level === 2).length === 3 && rows[0]?.description === "1";
    });
    const at = (wanted: number) => items.filter(({ level }) => level === wanted);
    assert.deepEqual(
      at(1).map(({ label, description }) => `${label}: ${description}`),
      ["The service's machine: 1", "By SSH: 2"],
    );
    assert.deepEqual(
      at(2)
        .slice(1)
        .map(({ label }) => label)
        .sort(),
      [...hostNames].sort(),
    );
  });

  it("removes a host that is gone for good, with the job that it still has", async () => {
    await editor.runCommand("hwLedger: Group the Hosts");
    await editor.pickQuickInput("Not at All");
    await online();
    const file = join(fixture.workspaceFolder, "wait.py");
    const { id } = await dispatchFile(fixture.client, { file, host: "rtx-box" });
    await waitForJob(fixture, "wait.py", ({ state }) => state === "running");
    await fixture.lab.host("rtx-box").stop();
    await editor.treeContextMenu(view, "rtx-box", "Remove Host");
    await editor.pressDialogButton("rtx-box has jobs that have not ended", "Give Up Its Jobs and Remove");
    await editor.waitForTree(view, "two hosts", (items) => {
      const hosts = items.filter(({ level }) => level === 1);
      return hosts.length === 2 && hosts.every(({ label }) => label !== "rtx-box");
    });
    assert.equal((await fixture.client.call("getJob", { params: { job: id } })).state, "lost");
  });
});
