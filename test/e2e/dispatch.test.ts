import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { JobRecord } from "../../protocol/job.ts";
import type { Editor } from "../support/editor/editor.ts";
import type { TreeItem } from "../support/editor/views.ts";
import { gpuText, roomAfterPower } from "./rowTexts.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";

const view = "Hosts";
const hostNames = ["rtx-box", "h100-node", "spark", "worn-3090"];
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("the main job, in the real editor against real hosts", function () {
  this.timeout(180_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startDispatchFixture(hostNames);
    editor = fixture.editor;
    stop = () => fixture.stop();
  });
  after(() => stop());

  const picture = (name: string) => editor.screenshot(`${pictures}${name}.png`);

  it("says that it is in no fleet, and offers to join one", async () => {
    await editor.openView(view);
    await editor.until("the offer to join", () =>
      editor.page.getByRole("button", { name: "Join a Fleet" }).isVisible(),
    );
    await picture("welcome");
  });

  it("says what is wrong with a link in the box where it was typed, and joins by a right one", async () => {
    await editor.page.getByRole("button", { name: "Join a Fleet" }).click();
    const { link } = fixture.service();
    await editor.typeInQuickInput(link.replace(/ca=[0-9a-f]{4}/, "ca=0000"), { prompt: "join link" });
    await editor.until("the problem in the box", async () =>
      (await editor.page.locator(".quick-input-message").innerText()).includes("fingerprint"),
    );
    await editor.typeInQuickInput(link, { prompt: "fingerprint" });
    await editor.waitForNotification("Joined the fleet at");
  });

  it("shows the hosts with the figures of their GPUs, all of them at the width that the side bar comes with", async () => {
    await editor.waitForTree(view, "the hosts with their readings", (rows) => {
      const online = rows.filter(({ level, description }) => level === 1 && description.startsWith("online"));
      return online.length === hostNames.length + 1;
    });
    await editor.expandTreeItem(view, "h100-node");
    const items = await editor.waitForTree(
      view,
      "eight GPUs",
      (rows) => childrenOf(rows, "h100-node").length === 8,
    );
    const lost =
      "a GPU cannot be read: Unable to determine the device handle for GPU0000:81:00.0: Unknown Error";
    for (const name of hostNames) {
      const answering = fixture.lab.host(name).gpus.map(gpuText);
      assert.deepEqual(
        childrenOf(items, name),
        name === "worn-3090" ? [lost, ...answering] : answering,
        name,
      );
    }
    await editor.clickTreeItem(view, "GPU 7");
    const drawn = await editor.until("the most and the least there is to say", async () => {
      const rows = await roomAfterPower(editor);
      return (
        ["▇ 98% 73/80G 69° 640W", "▂ 3% 0.6/24G 38° 27W"].every((all) =>
          rows.some(({ text }) => text === all),
        ) && rows
      );
    });
    for (const { text, roomPx } of drawn) assert.ok(roomPx >= 0, `${text} is ${-roomPx} pixels too wide`);
    assert.match(childrenOf(items, "rtx-box")[0]!, /^GPU 0: ▂ 3% .* · RTX 4090$/);
    const described = (name: string) => items.find(({ label }) => label === name)?.description;
    assert.equal(described("rtx-box"), "online · 1/1 free");
    assert.equal(described("h100-node"), "online · 3/8 free");
  });

  it("follows a figure that changes, without disturbing a context menu", async () => {
    const host = fixture.lab.host("rtx-box");
    const menu = await editor.openTreeMenu(view, "rtx-box");
    for (const load of ["73%", "41%"]) {
      host.gpuFiles.update(host.gpus[0]!.uuid, { "utilization.gpu": load.replace("%", "") });
      const gpu = editor.page.locator(".pane-body .monaco-list-row", { hasText: "RTX 4090" });
      await editor.until(`${load} beside the menu`, () => gpu.filter({ hasText: load }).isVisible());
      assert.ok(await menu.isOpen(), "the menu closed by itself");
    }
    await menu.clickOnce("Set Host Rate");
    await editor.typeInQuickInput("0.44", { prompt: "What rtx-box costs" });
    await editor.waitForTree(
      view,
      "41%",
      (items) => childrenOf(items, "rtx-box")[0]?.includes("41%") ?? false,
    );
    await editor.waitForTree(view, "the rate", (items) =>
      items.some(({ label, description }) => label === "rtx-box" && description.endsWith("$0.44/h")),
    );
    await editor.until("the rate in the status bar", async () =>
      (await editor.statusBarText()).includes("$0.44/h"),
    );
  });

  it("dispatches a file from the explorer, shows its output and its exit code", async () => {
    await editor.openFile("train it.py");
    await editor.explorerContextMenu("train it.py", "Dispatch to GPU host");
    const [first, second, ...items] = await editor.quickInputItems();
    assert.deepEqual([first?.label, second?.label], ["Arguments: none", "Sends: the folder experiments"]);
    assert.deepEqual(items.map(({ label }) => label).sort(), [...hostNames, await localName(fixture)].sort());
    const rtx = items.find(({ label }) => label === "rtx-box")!;
    assert.equal(rtx.description, "online · 1 of 1 GPU free · $0.44/h");
    assert.match(rtx.detail, /^RTX 4090: [\d.]+ GiB free · GPU load 41 %$/);
    await picture("pick-host");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("exit 3 after");
    const log = await editor.terminalBuffer();
    assert.match(
      log,
      /^— train it\.py → rtx-box —\n— sent [\d.]+ KiB from .*experiments, job j-[0-9a-f]{16} —\n/,
    );
    assert.match(
      log,
      /\n— .*python3 train it\.py, in \/home\/ada\/.*—\nhello Zoë 🙂\ntraining 100 %\narguments \[\]\n/,
    );
    const told = (await editor.notifications()).map(({ message }) => message);
    assert.ok(!told.some((message) => message.includes("exit 3")), "told although the terminal is in sight");
    await editor.openView("Jobs");
    const jobs = await editor.waitForTree("Jobs", "the job's end", (items) =>
      items.some(
        (item) => item.label === "train it.py" && /^rtx-box · exit 3 after .+ ago$/.test(item.description),
      ),
    );
    assert.deepEqual([jobs[0]?.label, jobs[0]?.description], ["Done", "1"]);
    await editor.openView(view);
    await editor.runCommand("Notifications: Clear All Notifications");
    await picture("dispatched-dark");
    await editor.setTheme("Light Modern");
    await picture("dispatched-light");
    await editor.setTheme("Dark Modern");
  });

  it("dispatches from the editor's context menu and the palette, too", async () => {
    await editor.openFile("wait.py");
    await editor.editorContextMenu("Dispatch to GPU host");
    assert.ok((await editor.quickInputItems()).some(({ label }) => label === "spark"));
    await editor.page.keyboard.press("Escape");
    await editor.runCommand("Dispatch to GPU host");
    assert.ok((await editor.quickInputItems()).some(({ label }) => label === "spark"));
    await editor.page.keyboard.press("Escape");
    await editor.openFile("train it.py");
    await editor.editorContextMenu("Dispatch to GPU host");
    await editor.pickQuickInput("h100-node");
    await editor.waitForTerminal("train it.py → h100-node");
    await editor.waitForTerminal("exit 3 after");
    assert.equal((await newestJob(fixture, "train it.py")).host, "h100-node");
  });

  it("leaves the job in the ledger, which verifies", async () => {
    const job = await newestJob(fixture, "train it.py");
    assert.deepEqual([job.state, job.exitCode, job.host], ["failed", 3, "h100-node"]);
    const verdict = (await fixture.hwledger("ledger", "verify")) as { ok: boolean };
    assert.equal(verdict.ok, true);
    const { events } = await fixture.client.call("listLedger", { query: { limit: 1_000 } });
    const mine = events
      .filter(({ payload }) => JSON.stringify(payload).includes(job.id))
      .map(({ type }) => type);
    assert.deepEqual(mine, ["job.queued", "job.placed", "job.syncing", "job.running", "job.failed"]);
  });

  it("cancels by Ctrl-C in the terminal, after asking", async () => {
    await editor.openFile("wait.py");
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput("spark");
    await editor.waitForTerminal("wait.py → spark");
    await editor.waitForTerminal("waiting for the signal");
    await editor.openView("Jobs");
    await editor.waitForTree(
      "Jobs",
      "the running job",
      ([group, job]) =>
        group?.label === "Running" &&
        job?.label === "wait.py" &&
        job.description.startsWith("spark · running"),
    );
    await editor.pressInTerminal("Control+C");
    await editor.pressDialogButton("Cancel wait.py on spark?", "Cancel Job");
    await editor.waitForTerminal("cancelled by");
    assert.equal((await newestJob(fixture, "wait.py")).state, "cancelled");
  });

  it("shows what it is without contact to the service, and reconnects by itself; the job is not touched", async () => {
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput("rtx-box");
    // The terminal of the job before says the same: wait for the new one first.
    await editor.waitForTerminal("wait.py → rtx-box");
    await editor.waitForTerminal("waiting for the signal");
    await fixture.killService();
    await editor.waitForTerminal("lost contact with the service at byte");
    await editor.until("the status bar to say so", async () =>
      (await editor.statusBarText()).includes("not connected"),
    );
    await editor.waitForTree(view, "hosts without contact", (items) =>
      items.filter(({ level }) => level === 1).every(({ description }) => description.startsWith("seen ")),
    );
    await picture("not-connected-dark");
    await editor.setTheme("Light Modern");
    await picture("not-connected-light");
    await fixture.startServiceAgain();
    await editor.waitForTerminal("connected again");
    await editor.waitForTree(view, "the host online", (items) =>
      items.some(({ label, description }) => label === "rtx-box" && description.startsWith("online")),
    );
    const { state, cause } = await newestJob(fixture, "wait.py");
    assert.deepEqual({ state, cause }, { state: "running", cause: null });
    await editor.runCommand("Cancel Job");
    assert.deepEqual(await jobsListed(editor, 1), ["wait.py"]);
    await editor.pickQuickInput("wait.py");
    await editor.pressDialogButton("Cancel wait.py on rtx-box?", "Cancel Job");
    await editor.waitForTerminal("cancelled by");
  });

  it("is still in the fleet after a reload, shows an old log, and leaves when told to", async () => {
    await editor.reload();
    await editor.openView(view);
    await editor.waitForTree(view, "the hosts", (items) => items.some(({ label }) => label === "rtx-box"));
    await editor.runCommand("Show Job Log");
    assert.equal((await jobsListed(editor, 4)).at(-1), "train it.py");
    await editor.pickQuickInput("train it.py");
    await editor.waitForTerminal("exit 3 after");
    await editor.clickTreeItem("Jobs", "wait.py");
    await editor.waitForTerminal("cancelled by");
    await editor.runCommand("Leave the Fleet");
    await editor.pressDialogButton("Leave the fleet at", "Leave");
    await editor.until("the offer to join", () =>
      editor.page.getByRole("button", { name: "Join a Fleet" }).isVisible(),
    );
  });

  it("joins by a link from outside only after showing address and fingerprint", async () => {
    const { link } = await fixture.client.call("createToken", { body: { role: "viewer" } });
    await editor.openUri(link.replace("hwledger://", "code-oss://hwledger.hwledger-fleet/"));
    await editor.until("the question", async () =>
      (await editor.page.locator(".monaco-dialog-box:visible").innerText()).includes("CA fingerprint"),
    );
    await picture("join-by-link");
    await editor.pressDialogButton("A link asks to join this fleet", "Join");
    await editor.waitForNotification("(viewer)");
  });
});

function childrenOf(items: TreeItem[], host: string): string[] {
  const at = items.findIndex(({ label, level }) => level === 1 && label === host);
  const rest = items.slice(at + 1);
  const end = rest.findIndex(({ level }) => level === 1);
  return (end === -1 ? rest : rest.slice(0, end)).map(({ label, description }) => `${label}: ${description}`);
}

/** The labels of a pick list of jobs once it is complete. */
function jobsListed(editor: Editor, count: number): Promise<string[]> {
  return editor.until(`a list of ${count} jobs`, async () => {
    const labels = (await editor.quickInputItems()).map(({ label }) => label);
    return labels.length === count && labels;
  });
}

async function localName({ client }: DispatchFixture): Promise<string> {
  const { hosts } = await client.call("listHosts");
  return hosts.find(({ connection }) => connection.kind === "local")!.name;
}

async function newestJob({ client }: DispatchFixture, script: string): Promise<JobRecord> {
  const { jobs } = await client.call("listJobs");
  return jobs.find((job) => job.script === script)!;
}
