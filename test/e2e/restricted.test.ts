import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { words } from "../../extension/core/words/words.ts";
import type { Editor } from "../support/editor/editor.ts";
import { whatIsOpen } from "./actionsFixture.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";
import { paletteCommands, runAlone, slip } from "./paletteFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
const { needsTrust, manageTrust } = words.dispatch;
/** What the palette offers without a fleet. */
const offered = new Set([
  undefined,
  "hwledger.role != viewer",
  "hwledger.role != viewer && hwledger.role != operator",
]);
/** Would make a fleet. */
const start = "hwledger.startService";
/** Say without a fleet, too, that there is none. */
const loud = new Set(["hwledger.showOlderEvents"]);

describe("an editor in Restricted Mode that is in no fleet", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startDispatchFixture(["rtx-box"], { isRestricted: true });
    editor = fixture.editor;
    stop = () => fixture.stop();
    await editor.openView("Hosts");
    await editor.until("Restricted Mode", async () =>
      (await editor.statusBarText()).includes("Restricted Mode"),
    );
  });
  after(() => stop());

  const key = (keys: string) => editor.page.keyboard.press(keys);
  const openInEditor = async (file: string) => {
    await editor.openFile(file);
    await editor.page.locator(".editor-instance .view-lines").first().click();
  };
  /** How often it was said that dispatching needs trust. */
  const timesTold = async () =>
    (await editor.notifications()).filter(({ message }) => message.includes(needsTrust)).length;
  const tellsAgain = async (what: string, act: () => Promise<unknown>) => {
    await editor.runCommand("Notifications: Clear All Notifications");
    const before = await timesTold();
    await act();
    await editor.until(`the reason after ${what}`, async () => (await timesTold()) > before);
  };

  it("says or opens something for each command of the palette, and offers a fleet where one is needed", async () => {
    const commands = (await paletteCommands(offered)).filter(({ command }) => command !== start);
    assert.ok(commands.length > 25, `only ${commands.length} commands`);
    const offers: string[] = [];
    for (const entry of commands) {
      const open = await runAlone(editor, entry, loud.has(entry.command) ? false : undefined);
      if (open.includes(words.fleets.noneYet)) offers.push(entry.title);
    }
    const needFleet = ["Show Ledger Event", "Show Older Ledger Events", "Verify the Ledger"];
    for (const title of [...needFleet, "Filter the Hosts", "Filter the Ledger", "Add a Host"])
      assert.ok(offers.includes(title), `${title} offers no fleet`);
    for (const { message } of await editor.notifications()) assert.doesNotMatch(message, slip);
  });

  it("says why nothing is dispatched, whichever way it was asked for, and sends nothing", async () => {
    await editor.runCommand("hwLedger: Join a Fleet");
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    await editor.waitForTree("Hosts", "the host online", ([host]) =>
      (host?.description ?? "").startsWith("online"),
    );
    await openInEditor("wait.py");
    await tellsAgain("the key", () => key("Control+Alt+g"));
    await editor.screenshot(`${pictures}restricted-key.png`);
    await tellsAgain("the key for again", () => key("Control+Alt+Shift+g"));
    await tellsAgain("the command", () => editor.runCommand("hwLedger: Dispatch to GPU host"));
    await tellsAgain("the command for again", () => editor.runCommand("hwLedger: Dispatch Again"));
    assert.doesNotMatch(await whatIsOpen(editor), /input:|dialog:/);
    assert.deepEqual((await fixture.client.call("listJobs")).jobs, []);
  });

  it("leads to where the workspace is trusted, and asks for a host from then on", async () => {
    await editor.pressNotificationButton(needsTrust, manageTrust);
    const trust = editor.page.getByRole("button", { name: "Trust", exact: true });
    await editor.until("the button that trusts", async () => {
      await trust.first().click({ timeout: 2_000 });
      return true;
    });
    await editor.until(
      "no Restricted Mode",
      async () => !(await editor.statusBarText()).includes("Restricted Mode"),
    );
    await openInEditor("wait.py");
    await key("Control+Alt+g");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("waiting for the signal");
    assert.equal((await fixture.client.call("listJobs")).jobs.length, 1);
  });
});
