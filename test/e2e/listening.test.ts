import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import type { Frame } from "playwright-core";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import { seriousFindings } from "../support/editor/axe.ts";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { startEmptyHanded, type EmptyHanded } from "./emptyHandedFixture.ts";
import { joinAs, refusedWith } from "./membersFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

/** The address of this machine that others can reach; tests need one. */
function outerAddress(): string {
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  assert.ok(outer, "this machine has no address but its own");
  return outer.address;
}

describe("inviting from another machine into a fleet of this one, in the real editor", function () {
  this.timeout(240_000);
  let fixture: EmptyHanded;
  let editor: Editor;
  let page: Frame;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startEmptyHanded([]);
    editor = fixture.editor;
    stop = () => fixture.stop();
  });
  after(() => stop());

  const invitation = () =>
    findWebview(editor, "the link", (shown) => shown.startsWith("Join link for one viewer"));
  const link = () => page.locator("code:visible").first().innerText();
  const hostOf = async () => new URL(parseJoinLink(await link()).url).hostname;

  it("says that only this machine can use the link, and what would become reachable", async () => {
    await editor.openView("Hosts");
    await editor.page.getByRole("button", { name: "Start a Fleet on This Machine" }).click();
    await editor.waitForNotification("Joined the fleet at", 60_000);
    await editor.runCommand("Notifications: Clear All Notifications");
    await editor.runCommand("Invite Somebody");
    await editor.pickQuickInput("Viewer");
    page = await invitation();
    assert.equal(await hostOf(), "127.0.0.1");
    assert.deepEqual(await seriousFindings(page), []);
    await editor.screenshot(`${pictures}listening-here.png`);
    await page.getByRole("button", { name: "Let Other Machines Reach It…" }).click();
    await editor.until("the question", () => editor.page.locator(".monaco-dialog-box").isVisible());
    const { port } = new URL(parseJoinLink(await link()).url);
    assert.match(
      await editor.page.locator(".monaco-dialog-box").innerText(),
      new RegExp(`listens on every network of this machine, at port ${port}\\.`),
    );
    await editor.screenshot(`${pictures}listening-question.png`);
  });

  it("changes nothing when the answer is no", async () => {
    await editor.pressDialogButton("Let other machines reach the fleet's service?", "Cancel");
    assert.equal(await hostOf(), "127.0.0.1");
    const url = parseJoinLink(await link()).url;
    const outside = (await link()).replace(
      encodeURIComponent(url),
      encodeURIComponent(url.replace("127.0.0.1", outerAddress())),
    );
    assert.equal(await refusedWith(joinAs("bo", outside)), "service-unreachable");
  });

  it("has the service listen further, and a link in place of the old one by which others join", async () => {
    const before = await link();
    await page.getByRole("button", { name: "Let Other Machines Reach It…" }).click();
    await editor.pressDialogButton("Let other machines reach the fleet's service?", "Restart and Listen");
    await editor.until("an address for others", async () => (await hostOf()) === outerAddress(), 90_000);
    assert.equal(new URL(parseJoinLink(before).url).port, new URL(parseJoinLink(await link()).url).port);
    assert.equal(await page.locator(".reach").isVisible(), false);
    assert.equal(await refusedWith(joinAs("bo", before)), "token-revoked");
    const bo = await joinAs("bo", await link());
    await bo.client.call("listMembers");
    bo.client.close();
    await editor.until("who joined", async () =>
      (await page.locator("main#page").innerText()).includes("bo has joined the fleet with this link."),
    );
  });

  it("has it listen for this machine alone again", async () => {
    await page.getByRole("button", { name: "Make Another" }).click();
    await editor.until("another link", async () => (await page.locator("code:visible").count()) === 3);
    const before = await link();
    await editor.runCommand("Let Only This Machine Reach the Fleet's Service");
    await editor.pressDialogButton("Let only this machine reach the fleet's service?", "Restart and Hide");
    await editor.waitForNotification("Only this machine can reach the fleet's service now.", 90_000);
    assert.equal(await refusedWith(joinAs("cy", before)), "service-unreachable");
  });
});
