import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { homeLayout } from "../../service/homeLayout.ts";
import { runningService } from "../../service/runningService.ts";
import type { Editor } from "../support/editor/editor.ts";
import type { TreeItem } from "../support/editor/views.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { reloadWindow } from "./jobsFixture.ts";
import { startEmptyHanded, vault, type EmptyHanded } from "./emptyHandedFixture.ts";

const view = "Hosts";
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

/** So long a service that a person stopped is watched: what would start it again looks at once. */
const stoppedMs = 10_000;

describe("a person with the editor and nothing else", function () {
  this.timeout(180_000);
  let fixture: EmptyHanded;
  let editor: Editor;
  let other: ServiceProcess | undefined;
  let firstPid = 0;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startEmptyHanded(["h100-node", "rtx-box", "spark"]);
    editor = fixture.editor;
    stop = () => fixture.stop();
  });
  after(async () => {
    await other?.end("SIGTERM");
    await stop();
  });

  const picture = (name: string) => editor.screenshot(`${pictures}${name}.png`);
  const hosts = (what: string, fits: (items: TreeItem[]) => boolean) =>
    editor.waitForTree(view, what, (items) => fits(items.filter(({ level }) => level === 1)));
  const servicePid = async () => (await runningService(homeLayout(fixture.home), 0))?.pid;

  it("starts a fleet on this machine with one click, and this machine is its first host", async () => {
    await editor.openView(view);
    const start = editor.page.getByRole("button", { name: "Start a Fleet on This Machine" });
    await start.waitFor();
    await picture("beginning-welcome-dark");
    await start.click();
    await editor.waitForNotification("Joined the fleet at", 60_000);
    await hosts("this machine", ([only]) => only?.description.startsWith("online") ?? false);
    assert.ok(fixture.isServiceUp());
    firstPid = (await servicePid()) ?? 0;
    await picture("beginning-started-dark");
  });

  it("adds a host from ~/.ssh/config by its name", async () => {
    await editor.runCommand("hwLedger: Add a Host");
    const items = await editor.quickInputItems();
    assert.deepEqual(
      items.map(({ label }) => label.trim()),
      ["Type an Address…", "vault", "h100-node", "rtx-box", "spark"],
    );
    await picture("beginning-add-host-dark");
    await editor.pickQuickInput("rtx-box");
    await editor.typeInQuickInput("rtx-box", { prompt: "What to call it" });
    await editor.typeInQuickInput("0.44", { prompt: "US dollars per hour" });
    await editor.waitForNotification("rtx-box is in the fleet, with 1 GPU.", 60_000);
    await hosts("the host with its rate", (rows) =>
      rows.some(({ label, description }) => label === "rtx-box" && description.endsWith("$0.44/h")),
    );
  });

  it("adds a host by its address, after asking whether its key is right", async () => {
    const { address, port, user, hostKeyFingerprint } = fixture.lab.host("spark");
    await editor.runCommand("hwLedger: Add a Host");
    await editor.pickQuickInput("Type an Address…");
    await editor.typeInQuickInput(`${user}@${address}:${port}`, { prompt: "[user@]address" });
    await editor.typeInQuickInput("spark", { prompt: "What to call it" });
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
    await editor.until("the fingerprint in the question", async () =>
      (await editor.page.locator(".monaco-dialog-box:visible").innerText()).includes(hostKeyFingerprint),
    );
    await picture("beginning-host-key-dark");
    await editor.pressDialogButton("Is this the key of spark?", "Trust This Key");
    await editor.waitForNotification("spark is in the fleet", 60_000);
  });

  it("says in words why a host cannot be added, and offers to try again or to add it anyway", async () => {
    await editor.runCommand("hwLedger: Add a Host");
    await editor.pickQuickInput("Type an Address…");
    await editor.typeInQuickInput("ada@127.0.0.1:9", { prompt: "[user@]address" });
    await editor.typeInQuickInput("attic", { prompt: "What to call it" });
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
    await editor.waitForNotification("cannot be reached", 60_000);
    await picture("beginning-unreachable-dark");
    await editor.pressNotificationButton("cannot be reached", "Add It Anyway");
    await hosts("the host that does not answer", (rows) =>
      rows.some(({ label, description }) => label === "attic" && description.startsWith("unreachable")),
    );
  });

  it("filters the hosts while words are typed, also after a reload, and shows all again", async () => {
    await editor.runCommand("hwLedger: Filter the Hosts");
    const model = fixture.lab.host("rtx-box").gpus[0]!.name.split(" ").at(-1)!;
    await editor.typeInQuickInput(`${model} online`, { prompt: "Words that a host must have" });
    await hosts("one host", (rows) => rows.length === 1 && rows[0]?.label === "rtx-box");
    await picture("beginning-filtered-dark");
    await reloadWindow(editor);
    await editor.openView(view);
    await hosts("one host still", (rows) => rows.length === 1 && rows[0]?.label === "rtx-box");
    await editor.runCommand("hwLedger: Clear the Filter of the Hosts");
    await hosts("all hosts", (rows) => rows.length === 4);
  });

  it("tests a connection and says how long that took", async () => {
    await editor.treeContextMenu(view, "rtx-box", "Test Connection to Host");
    await editor.waitForNotification("rtx-box answers: connected and read in");
  });

  it("opens a terminal on a host", async () => {
    await editor.treeContextMenu(view, "rtx-box", "Open Terminal on Host");
    await editor.until(
      "a prompt of the host",
      async () => (await editor.terminalText()).trim() !== "",
      30_000,
    );
    await editor.page.locator(".terminal-wrapper.active .xterm-helper-textarea").last().focus();
    await editor.page.keyboard.type("echo on-$(hostname)\n");
    await editor.waitForTerminal("on-rtx-box");
    await editor.runCommand("Terminal: Kill the Active Terminal Instance");
  });

  it("removes a host after asking", async () => {
    await editor.treeContextMenu(view, "attic", "Remove Host");
    await editor.pressDialogButton("Remove attic from the fleet?", "Remove Host");
    await hosts("three hosts", (rows) => rows.length === 3);
  });

  it("is in the same fleet after a reload and in a new page, the service having run on", async () => {
    await editor.changeSettings({ "hwledger.hosts.groupBy": "status" });
    await editor.reload();
    await editor.openView(view);
    const items = await editor.waitForTree(view, "the hosts in groups", (rows) => rows.length > 5);
    assert.deepEqual(
      items.filter(({ level }) => level === 1).map(({ label, description }) => `${label} ${description}`),
      ["Online 3"],
    );
    assert.equal(await servicePid(), firstPid);
    await picture("beginning-grouped-dark");
    await editor.changeSettings({ "hwledger.hosts.groupBy": "none" });
    await editor.page.close();
    assert.ok(fixture.isServiceUp());
    editor = await fixture.editor.openWindow();
    await editor.openView(view);
    await hosts("three hosts", (rows) => rows.length === 3);
    assert.equal(await servicePid(), firstPid);
  });

  it("sees the service come back by itself when it was killed", async () => {
    await fixture.killService();
    await editor.until("the banner", async () =>
      (await editor.page.locator(".pane-body").first().innerText()).includes("Not connected"),
    );
    await editor.until("a service", () => Promise.resolve(fixture.isServiceUp()), 60_000);
    await hosts("hosts online again", (rows) =>
      rows.every(({ description }) => description.startsWith("online")),
    );
    assert.notEqual(await servicePid(), firstPid);
  });

  it("stops the service when told, says so calmly, shows what was last known, and starts it again", async () => {
    await editor.runCommand("hwLedger: Stop the Fleet's Service on This Machine");
    await editor.pressDialogButton("Stop the fleet's service on this machine?", "Stop the Service");
    await editor.waitForNotification("The fleet's service has stopped");
    assert.equal(fixture.isServiceUp(), false);
    await hosts(
      "what was last known",
      (rows) => rows.length === 3 && rows.every(({ description }) => description.startsWith("seen ")),
    );
    const banner = await editor.page.locator(".pane-body").first().innerText();
    assert.match(
      banner,
      /Not connected: the fleet's service on this machine was stopped\. To start it, choose “Start the Fleet's Service on This Machine” or click/,
    );
    await picture("beginning-stopped-dark");
    const endAtMs = Date.now() + stoppedMs;
    while (Date.now() < endAtMs) {
      assert.equal(fixture.isServiceUp(), false, "it was started again");
      await editor.page.waitForTimeout(100);
    }
    await editor.page.locator(".statusbar-item", { hasText: "hwLedger: not connected" }).click();
    await hosts("hosts online again", (rows) =>
      rows.every(({ description }) => description.startsWith("online")),
    );
  });

  it("shows the service's log", async () => {
    await editor.runCommand("hwLedger: Show the Service's Log");
    await editor.page.locator('.tab.active[aria-label^="service.log"]').waitFor();
  });

  it("shows what happened in the Ledger view, newest first, and verifies it", async () => {
    await editor.openView("Ledger");
    const items = await editor.waitForTree("Ledger", "events", (rows) => rows.length > 5);
    assert.equal(items[0]?.label, "Not verified yet");
    const at = (label: string) => items.findIndex((item) => item.label === label);
    assert.ok(at("attic was removed") > 0 && at("attic was removed") < at("attic was added"));
    assert.equal(items.at(-1)?.label, "the fleet was made");
    await editor.clickTreeItem("Ledger", "Not verified yet");
    await editor.waitForNotification("The ledger holds: all");
    await editor.waitForTree(
      "Ledger",
      "the verdict with its age",
      ([row]) => row?.label === "Verified" && /^moments ago · \d+ events$/.test(row.description),
    );
    await picture("beginning-ledger-dark");
  });

  it("filters the ledger, and opens an event as a document", async () => {
    await editor.runCommand("hwLedger: Filter the Ledger");
    await editor.typeInQuickInput("host.key-accepted", { prompt: "Text that an event must have" });
    await editor.waitForTree("Ledger", "one event", (rows) => rows.length === 2);
    await reloadWindow(editor);
    await editor.openView("Ledger");
    await editor.waitForTree("Ledger", "one event still", (rows) => rows.length === 2);
    await editor.clickTreeItem("Ledger", "the key of spark was accepted");
    const text = editor.page.locator(".editor-instance .view-lines");
    await editor.until("the event in the document", async () =>
      (await text.last().innerText()).replaceAll("\u00a0", " ").includes('"type": "host.key-accepted"'),
    );
    await editor.runCommand("hwLedger: Clear the Filter of the Ledger");
    await editor.waitForTree("Ledger", "all events", (rows) => rows.length > 5);
  });

  it("collects diagnostics without names, addresses and keys", async () => {
    // They say what is so when they are asked for: a host that is late then is late in them.
    await hosts("hosts online", (rows) => rows.every(({ description }) => description.startsWith("online")));
    await editor.runCommand("hwLedger: Collect Diagnostics");
    // By the clipboard: the editor draws only those lines that are in sight.
    const text = await editor.until("the document", async () => {
      await editor.page.keyboard.press("Control+A");
      await editor.page.keyboard.press("Control+C");
      const shown = await editor.page.evaluate(() => navigator.clipboard.readText());
      return /host 2: ssh, online/.test(shown) && shown;
    });
    await editor.page.keyboard.press("Control+Home");
    for (const name of ["rtx-box", "spark", fixture.lab.host("spark").address, fixture.home])
      assert.ok(!text.includes(name), name);
    assert.match(text, /hwLedger Fleet: diagnostics/);
    await picture("beginning-diagnostics-dark");
  });

  it("asks for a passphrase and a password where a host wants them, hidden, and again after a wrong one", async () => {
    const box = editor.page.locator(".quick-input-widget:visible");
    const answer = async (secret: string, prompt: string) => {
      await editor.until(`the question "${prompt}"`, async () => {
        const isHidden = (await box.locator("input").getAttribute("type")) === "password";
        return isHidden && (await box.innerText()).includes(prompt);
      });
      await editor.typeInQuickInput(secret, { prompt });
    };
    await editor.runCommand("hwLedger: Add a Host");
    await editor.pickQuickInput("vault");
    await editor.typeInQuickInput("vault", { prompt: "What to call it" });
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
    await editor.until("the question", async () => (await box.innerText()).includes("Passphrase of the key"));
    assert.match(await box.innerText(), /^vault asks/);
    await picture("beginning-passphrase-dark");
    await answer("guessed", "Passphrase of the key");
    await answer(vault.keyPassphrase, "Wrong passphrase.");
    await answer("guessed too", `Password of ada@${fixture.lab.host("vault").address}`);
    await answer(vault.password, "Permission denied.");
    await editor.waitForNotification("vault is in the fleet", 60_000);
    await hosts("the host that asked", (rows) =>
      rows.some(({ label, description }) => label === "vault" && description.startsWith("online")),
    );
    const log = await editor.extensionHostLog();
    for (const secret of [vault.keyPassphrase, vault.password]) assert.ok(!log.includes(secret), secret);
  });

  it("joins a second fleet and switches between the two", async () => {
    other = await startServiceProcess(join(fixture.dir, "other"), { env: { HOME: fixture.dir } });
    await editor.runCommand("hwLedger: Join a Fleet");
    await editor.typeInQuickInput(other.link, { prompt: "join link" });
    await editor.waitForNotification(`Joined the fleet at ${other.url}`);
    await hosts("the other fleet's host", (rows) => rows.length === 1);
    const which = editor.page.locator('.statusbar-item[id$="hwledger.which"]');
    const shows = (name: string) =>
      editor.until(`"${name}" in the status bar`, async () => (await which.innerText()).trim() === name);
    await shows(new URL(other.url).host);
    await which.click();
    const labels = (await editor.quickInputItems()).map(({ label }) => label.trim());
    assert.deepEqual(labels, ["This machine", new URL(other.url).host, "Join Another Fleet…"]);
    await picture("beginning-switch-dark");
    await editor.pickQuickInput("This machine");
    await hosts("the first fleet", (rows) => rows.length === 4);
    await shows("This machine");
  });
});
