import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";
import { pressInEditor } from "./jobsFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
const menuEntries = ".monaco-menu:visible .action-item .action-label:not(.separator)";

describe("a viewer, in the real editor", function () {
  this.timeout(180_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let viewer = "";
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startDispatchFixture(["rtx-box"]);
    editor = fixture.editor;
    stop = () => fixture.stop();
  });
  after(() => stop());

  const picture = (name: string) => editor.screenshot(`${pictures}viewer-${name}.png`);
  /** Labels of the host's context menu. */
  async function menuOfHost(): Promise<string[]> {
    await editor.openTreeMenu("Hosts", "rtx-box");
    const labels = (await editor.page.locator(menuEntries).allInnerTexts()).map((label) => label.trim());
    await editor.page.keyboard.press("Escape");
    return labels;
  }
  const refusals = async () =>
    (await fixture.client.call("listLedger", { query: { contains: "access.refused" } })).events.length;
  const jobsText = () => editor.page.locator(".pane", { hasText: "No job yet" }).innerText();

  it("is offered in menus and the palette what a viewer may do, and no more", async () => {
    const { link } = await fixture.client.call("createToken", { body: { role: "viewer" } });
    await editor.runCommand("hwLedger: Join a Fleet");
    await editor.typeInQuickInput(link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    const { members } = await fixture.client.call("listMembers");
    viewer = members.find(({ role }) => role === "viewer")!.name;
    await editor.openView("Hosts");
    await editor.waitForTree("Hosts", "the host", (rows) => rows.some(({ label }) => label === "rtx-box"));
    assert.deepEqual(await menuOfHost(), ["Open Host Panel", "Open Terminal on Host"]);
    for (const title of ["Add a Host", "Dispatch to GPU host", "Invite Somebody"])
      await assert.rejects(editor.runCommand(`hwLedger: ${title}`, 4_000), /in the palette/);
    await editor.openView("Jobs");
    await editor.until("the text of the empty view", async () =>
      (await jobsText()).includes("operators of the fleet"),
    );
    assert.doesNotMatch(await jobsText(), /Dispatch/);
    await picture("empty-jobs");
  });

  it("is told at once which role a key needs, and nothing of it is in the ledger", async () => {
    const before = await refusals();
    await editor.openFile("wait.py");
    await pressInEditor(editor, "Control+Alt+g");
    await editor.waitForNotification(
      `Your role may not do this. This needs operator or admin; ${viewer} is viewer. Ask an admin of the fleet`,
    );
    assert.equal(await editor.page.locator(".quick-input-widget:visible").count(), 0);
    await picture("dispatch-refused");
    assert.equal(await refusals(), before);
  });

  it("is offered more as soon as an admin gives a role that may do more", async () => {
    await fixture.client.call("changeMember", { params: { member: viewer }, body: { role: "operator" } });
    await editor.until("the menu of an operator", async () => {
      const labels = await menuOfHost();
      return labels.includes("Log In to Host") && !labels.includes("Remove Host");
    });
    await editor.until("the button", async () => (await jobsText()).includes("Dispatch to GPU host"));
    await pressInEditor(editor, "Control+Alt+g");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("waiting for the signal");
  });
});
