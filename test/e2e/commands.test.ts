import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import { isJobEnded } from "../../protocol/job.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import { runningService } from "../../service/runningService.ts";
import type { Editor } from "../support/editor/editor.ts";
import { backgroundOf, fleetItem, hoverText, shownHover } from "./actionsFixture.ts";
import { rowOfHost } from "./crowdFixture.ts";
import { startEmptyHanded, type EmptyHanded } from "./emptyHandedFixture.ts";
import { paletteCommands, runAlone, slip } from "./paletteFixture.ts";

const view = "Hosts";
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

/** What the palette offers in a fleet while nothing is filtered. */
const offered = new Set([
  undefined,
  "hwledger.membership == joined",
  "hwledger.membership != none",
  "hwledger.isLocal",
  ...["", "hwledger.membership == joined && "].flatMap((before) => [
    `${before}hwledger.role != viewer`,
    `${before}hwledger.role != viewer && hwledger.role != operator`,
  ]),
]);
describe("every command, in the real editor with a fleet of its own", function () {
  this.timeout(240_000);
  let fixture: EmptyHanded;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startEmptyHanded(["rtx-box"]);
    editor = fixture.editor;
    const file = join(fixture.dir, "experiments", "wait.py");
    stop = async () => {
      await rm(file);
      // What runs here writes into the folder that is about to go.
      if (fixture.isServiceUp()) await editor.until("the end of what runs here", noneRuns);
      await fixture.stop();
    };
    const text = `import os, time\nprint("waiting", flush=True)\nwhile os.path.exists(${JSON.stringify(file)}):\n    time.sleep(0.2)\n`;
    await writeFile(file, text);
  });
  after(async () => {
    await stop();
  });

  const picture = (name: string) => editor.screenshot(`${pictures}commands-${name}.png`);
  const online = () =>
    editor.waitForTree(view, "the hosts online", (items) => {
      const hosts = items.filter(({ level }) => level === 1);
      return hosts.length === 1 && hosts.every(({ description }) => description.startsWith("online"));
    });
  async function asOwner<T>(work: (client: RouteClient) => Promise<T>): Promise<T> {
    const client = createRouteClient(readIdentity(homeLayout(fixture.home).identityFile)!);
    try {
      return await work(client);
    } finally {
      client.close();
    }
  }
  const noneRuns = async () =>
    (await asOwner((client) => client.call("listJobs"))).jobs.every(({ state }) => isJobEnded(state));
  const servicePid = async () => (await runningService(homeLayout(fixture.home), 30_000))!.pid;

  it("opens the walkthrough, whose first button starts a fleet and ticks its step off", async () => {
    await editor.runCommand("Welcome: Open Walkthrough...");
    await editor.pickQuickInput("Run Your Files on Your GPU Machines");
    const steps = editor.page.locator(".gettingStartedContainer .getting-started-step");
    await editor.until("its steps", async () => (await steps.count()) === 4);
    const done = steps.first().locator(".codicon-getting-started-step-checked:visible");
    assert.equal(await done.count(), 0);
    await picture("walkthrough");
    await steps.first().getByRole("button", { name: "Start a Fleet on This Machine" }).click();
    await editor.waitForNotification("Joined the fleet at", 60_000);
    assert.ok(fixture.isServiceUp());
    await editor.until("the tick", async () => (await done.count()) === 1);
    await editor.runCommand("Add a Host");
    await editor.quickInputItems();
    await editor.page.keyboard.press("Escape");
    const all = editor.page.locator(".codicon-getting-started-step-checked:visible");
    assert.equal(await all.count(), 1, "a step is done by what was only begun");
    await editor.runCommand("View: Close All Editors");
    await editor.openView(view);
    await online();
  });

  it("restarts the service under a running job, which runs on", async () => {
    await editor.openFile("wait.py");
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput((await online())[0]!.label);
    await editor.waitForTerminal("waiting");
    const pid = await servicePid();
    const [job] = (await asOwner((client) => client.call("listJobs"))).jobs;
    await editor.runCommand("hwLedger: Restart the Fleet's Service on This Machine");
    await editor.until("another service", async () => (await servicePid()) !== pid, 60_000);
    // It lets go of its folder a moment before its process ends.
    await editor.until("the end of the earlier one", () => Promise.resolve(!existsSync(`/proc/${pid}`)));
    await online();
    await editor.until(
      "the status bar in contact",
      async () => (await fleetItem(editor).innerText()).trim() === "no GPUs",
    );
    await editor.waitForTree("Jobs", "the running job", ([group, row]) => {
      return group?.label === "Running" && row?.label === "wait.py" && row.description.includes("running");
    });
    const [now] = (await asOwner((client) => client.call("listJobs"))).jobs;
    assert.deepEqual([now?.id, now?.state], [job?.id, "running"]);
  });

  it("reads an event that was opened without contact once there is contact again", async () => {
    await editor.runCommand("hwLedger: Stop the Fleet's Service on This Machine");
    await editor.pressDialogButton("Stop the fleet's service on this machine?", "Stop the Service");
    await editor.waitForNotification("The fleet's service has stopped");
    await editor.runCommand("hwLedger: Show Ledger Event");
    await editor.typeInQuickInput("1", { prompt: "Its number in the ledger" });
    const document = editor.page.locator(".editor-instance .view-lines").last();
    const reads = (what: string, fits: (text: string) => boolean) =>
      editor.until(what, async () => {
        const text = (await document.innerText()).replaceAll("\u00a0", " ");
        if (!fits(text)) throw new Error(text);
        return true;
      });
    await reads("why it cannot be read", (text) => text.startsWith("// The service cannot be reached.\n"));
    await picture("event-without-contact");
    await editor.runCommand("hwLedger: Start the Fleet's Service on This Machine");
    await reads(
      "the event below its moment",
      (text) => /^\/\/ #1 \d+ \w+ \d{4}, [\d:]{8} \(your time\)\n/.test(text) && text.includes('"seq": 1,'),
    );
    await picture("event");
    await online();
  });

  it("is red in the status bar while a host asks or waits for a login, and leads there", async () => {
    assert.equal((await backgroundOf(fleetItem(editor))).isRed, false);
    const turnsRed = (what: string) =>
      editor.until(`a red item as ${what}`, async () => {
        const { isRed, colour } = await backgroundOf(fleetItem(editor));
        if (!isRed) throw new Error(colour);
        return true;
      });
    await editor.runCommand("hwLedger: Add a Host");
    await editor.pickQuickInput("vault");
    await editor.typeInQuickInput("vault", { prompt: "What to call it" });
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
    const question = editor.page.locator(".quick-input-widget:visible", { hasText: "Passphrase of the key" });
    await question.waitFor();
    await turnsRed("vault asks");
    await hoverText(editor, fleetItem(editor), "vault waits for an answer");
    await question.locator("input").press("Escape");
    await editor.pressNotificationButton("vault", "Add It Anyway");
    await editor.waitForTree(view, "the host that waits", (items) =>
      items.some(({ label, description }) => label === "vault" && description.startsWith("needs login")),
    );
    await turnsRed("vault waits");
    await hoverText(editor, fleetItem(editor), "vault needs you to log in");
    await picture("needs-login");
    await editor.runCommand("View: Close Primary Side Bar");
    await fleetItem(editor).click();
    await rowOfHost(editor, "vault").waitFor();
    await asOwner((client) => client.call("removeHost", { params: { host: "vault" } }));
    await editor.until("no red item", async () => !(await backgroundOf(fleetItem(editor))).isRed);
    await online();
  });

  it("tells in the Ledger view when an event was, to the second, and that no event has the filter's words", async () => {
    await editor.openView("Ledger");
    const row = (label: string) =>
      editor.page.locator(".pane-body .monaco-list-row", {
        has: editor.page.locator(".label-name", { hasText: label }),
      });
    await editor.runCommand("hwLedger: Filter the Ledger");
    await editor.typeInQuickInput("fleet.created", { prompt: "Text that an event must have" });
    await editor.waitForTree("Ledger", "the first event", (rows) => rows.length === 2);
    // A row whose age goes on is drawn anew, which takes a hover with it.
    await editor.until("the event's moment where one points at it", async () => {
      await editor.page.mouse.move(700, 300);
      await row("the fleet was made").hover();
      await shownHover(editor).waitFor({ timeout: 13_000 });
      const text = (await shownHover(editor).innerText()).replace(/\s+/g, " ");
      if (!/When \d+ \w+ \d{4}, [\d:]{8} \(your time\) By service Event #1, fleet\.created/.test(text))
        throw new Error(text);
      return true;
    });
    await picture("event-hover");
    await editor.runCommand("hwLedger: Filter the Ledger");
    await editor.typeInQuickInput("no such thing", { prompt: "Text that an event must have" });
    await editor.waitForTree("Ledger", "that nothing fits", ([, none, ...more]) => {
      return none?.label === "No event has “no such thing”" && more.length === 0;
    });
    await editor.clickTreeItem("Ledger", "No event has “no such thing”");
    await picture("ledger-filtered-empty");
    await editor.runCommand("hwLedger: Clear the Filter of the Ledger");
    await editor.waitForTree("Ledger", "all events", (rows) => rows.length > 2);
    await editor.openView(view);
  });

  it("can be started from the palette with nothing selected, opens something, and goes by Escape", async () => {
    const commands = await paletteCommands(offered);
    assert.ok(commands.length > 30, `only ${commands.length} commands`);
    const told = (await editor.notifications()).length;
    for (const entry of commands) {
      await runAlone(editor, entry);
      if (entry.command.endsWith("Service")) await online();
    }
    for (const { severity, message } of (await editor.notifications()).slice(told)) {
      assert.doesNotMatch(message, slip);
      assert.notEqual(severity, "error", message);
    }
    await online();
    assert.ok(fixture.isServiceUp());
  });

  it("has ticked each step of the walkthrough by what was done, however it was done", async () => {
    await editor.runCommand("Welcome: Open Walkthrough...");
    await editor.pickQuickInput("Run Your Files on Your GPU Machines");
    const ticks = editor.page.locator(".codicon-getting-started-step-checked:visible");
    await editor.until("four ticks", async () => (await ticks.count()) === 4);
    await picture("walkthrough-done");
  });
});
