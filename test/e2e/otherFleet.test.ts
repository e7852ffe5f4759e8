import assert from "node:assert/strict";
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { homeLayout } from "../../service/homeLayout.ts";
import { runningService } from "../../service/runningService.ts";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { startEmptyHanded, type EmptyHanded } from "./emptyHandedFixture.ts";

const view = "Hosts";
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("what belongs to a fleet that is not shown, in the real editor with two fleets", function () {
  this.timeout(240_000);
  let fixture: EmptyHanded;
  let editor: Editor;
  let other: ServiceProcess | undefined;

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startEmptyHanded(["rtx-box"]);
    editor = fixture.editor;
    await editor.openView(view);
    await editor.page.getByRole("button", { name: "Start a Fleet on This Machine" }).click();
    await editor.waitForNotification("Joined the fleet at", 60_000);
    await editor.openFile("hello.py");
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput((await online())[0]!.label);
    await editor.waitForTerminal("hello from");
  });
  after(async () => {
    await other?.end("SIGTERM");
    await fixture.stop();
  });

  const picture = (name: string) => editor.screenshot(`${pictures}other-fleet-${name}.png`);
  const online = () =>
    editor.waitForTree(view, "the hosts online", (items) => {
      const hosts = items.filter(({ level }) => level === 1);
      return hosts.length === 1 && hosts.every(({ description }) => description.startsWith("online"));
    });
  const shownFleetIs = (name: string) =>
    editor.until(`"${name}" in the status bar`, async () => {
      const which = editor.page.locator('.statusbar-item[id$="hwledger.which"]');
      return (await which.innerText()).trim() === name;
    });
  /** Shows another fleet; gives what the list of fleets offered. */
  async function switchTo(name: string): Promise<string[]> {
    await editor.runCommand("hwLedger: Switch to Another Fleet");
    const labels = (await editor.quickInputItems()).map(({ label }) => label.trim());
    await editor.pickQuickInput(name);
    await shownFleetIs(name);
    return labels;
  }

  it("shows the fleet under the name that it was given, where fleets are chosen", async () => {
    await editor.runCommand("hwLedger: Rename the Fleet");
    await editor.typeInQuickInput("Attic GPUs", { prompt: "What you call it" });
    other = await startServiceProcess(join(fixture.dir, "other"), { env: { HOME: fixture.dir } });
    await editor.runCommand("hwLedger: Join a Fleet");
    await editor.typeInQuickInput(other.link, { prompt: "join link" });
    await editor.waitForNotification(`Joined the fleet at ${other.url}`);
    const labels = await switchTo("Attic GPUs");
    assert.deepEqual(labels, ["Attic GPUs", new URL(other.url).host, "Join Another Fleet…"]);
    await editor.waitForTree("Jobs", "the job that ran in it", (rows) =>
      rows.some(({ label }) => label === "hello.py"),
    );
    await picture("renamed");
  });

  it("says in a host's panel that its fleet is not shown while another is, and leads back", async () => {
    const [host] = await online();
    await editor.runCommand("hwLedger: Open Host Panel");
    await editor.pickQuickInput(host!.label);
    const shows = (text: string) => findWebview(editor, text, (shown) => shown.includes(text));
    await shows("was added");
    await switchTo(new URL(other!.url).host);
    // A host of the same name has a panel of its own beside it.
    await editor.runCommand("hwLedger: Open Host Panel");
    await editor.pickQuickInput(host!.label);
    const tabs = editor.page.locator(".tab:visible", { hasText: host!.label });
    await editor.until("two panels", async () => (await tabs.count()) === 2);
    await editor.runCommand("View: Close Editor");
    const page = await shows("in a fleet that this window does not show now");
    await picture("panel-of-other-fleet");
    await page.getByRole("button", { name: "Switch to Another Fleet" }).click();
    await editor.pickQuickInput("Attic GPUs");
    await shownFleetIs("Attic GPUs");
    await shows("was added");
    await editor.runCommand("View: Close Editor");
  });

  it("shows the log of a notice in the job's fleet, though another is shown by then", async () => {
    const text = 'import time\ntime.sleep(4)\nprint("brief as", 6 * 7)\n';
    await writeFile(join(fixture.dir, "experiments", "brief.py"), text);
    await editor.openFile("brief.py");
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput((await online())[0]!.label);
    await editor.waitForTree("Jobs", "the job", (rows) => rows.some(({ label }) => label === "brief.py"));
    // A terminal that is in front tells of the end itself, also in a panel that is hidden.
    await editor.runCommand("Terminal: Create New Terminal");
    await editor.waitForNotification("brief.py on", 30_000);
    await switchTo(new URL(other!.url).host);
    await editor.pressNotificationButton("brief.py on", "Show Log");
    await shownFleetIs("Attic GPUs");
    await editor.waitForTerminal("brief as 42");
  });

  it("tells of a job that was sent while another fleet came to be shown, and leads to its log", async () => {
    const weights = join(fixture.dir, "experiments", "weights.bin");
    const handle = await open(weights, "w");
    await handle.truncate(200 * 1_048_576);
    await handle.close();
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput((await online())[0]!.label);
    const sending = editor.page.locator(".notifications-toasts .notification-list-item", {
      hasText: "Sending brief.py",
    });
    await editor.until("that it is sent", async () =>
      /MiB of 200/.test((await sending.allInnerTexts()).join()),
    );
    const { pid } = (await runningService(homeLayout(fixture.home), 30_000))!;
    process.kill(pid, "SIGSTOP");
    try {
      await switchTo(new URL(other!.url).host);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await editor.waitForNotification("in a fleet that this window does not show now", 60_000);
    await picture("sent-elsewhere");
    await editor.pressNotificationButton("in a fleet that this window does not show now", "Show Log");
    await shownFleetIs("Attic GPUs");
    await editor.waitForTerminal("brief as 42");
    await rm(weights);
  });
});
