import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Frame } from "playwright-core";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import { seriousFindings } from "../support/editor/axe.ts";
import type { Editor } from "../support/editor/editor.ts";
import { readQr } from "../support/editor/readQr.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { changeStore } from "./awayFixture.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";
import { filesIn, isKept, joinAs, refusedWith, waitUntilKept, type Guest } from "./membersFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
const themes = { light: "Light Modern", contrast: "Default High Contrast", dark: "Dark Modern" };

describe("who belongs to the fleet, in the real editor", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let page: Frame;
  let bo: Guest;
  let you = "";
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startDispatchFixture(["rtx-box"]);
    editor = fixture.editor;
    stop = () => fixture.stop();
  });
  after(async () => {
    bo?.client.close();
    await stop();
  });

  const seen = (what: string, fits: () => Promise<boolean>) => editor.until(what, fits);
  const text = async () => (await page.locator("main#page").innerText()).replace(/\s+/g, " ");
  const says = (words: string) => seen(`the words “${words}”`, async () => (await text()).includes(words));
  const row = (name: string) =>
    page.locator("tbody tr", { has: page.locator(".label").getByText(name, { exact: true }) });
  const rowText = async (name: string) => (await row(name).innerText()).replace(/\s+/g, " ").trim();
  const members = () => findWebview(editor, "the members", (shown) => shown.startsWith("Members"));
  const invitation = (whom: string) =>
    findWebview(editor, "the link", (shown) => shown.startsWith(`Join link for ${whom}`));
  const codeOf = async (form: string) =>
    await page.locator("section.form", { hasText: form }).locator("code").innerText();
  const roleOf = async (name: string) =>
    (await fixture.client.call("listMembers")).members.find((member) => member.name === name)?.role;
  const newLink = async (role: "viewer" | "admin") =>
    (await fixture.client.call("createToken", { body: { role } })).link;

  /** Takes pictures of a page in each theme, and asks axe about it. */
  async function lookInEachTheme(name: string, find: () => Promise<Frame>): Promise<void> {
    await editor.runCommand("Notifications: Clear All Notifications");
    for (const [theme, id] of Object.entries(themes)) {
      await editor.until(`the theme ${id}`, () => editor.setTheme(id).then(() => true), 60_000);
      page = await find();
      assert.deepEqual(await seriousFindings(page), [], `${name}, ${theme}`);
      await editor.screenshot(`${pictures}${name}-${theme}.png`);
    }
  }

  it("says that there is no fleet yet, and lists its members once there is", async () => {
    await editor.runCommand("Open Members and Invitations");
    page = await members();
    await says("This editor is in no fleet yet.");
    await page.getByRole("button", { name: "Join a Fleet" }).click();
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    page = await members();
    await seen("the own row", async () => (await page.locator("tr .badge").count()) === 1);
    you = await page
      .locator("tr", { has: page.locator(".badge") })
      .locator(".label")
      .innerText();
    assert.equal(await roleOf(you), "admin");
    assert.match(
      await rowText(you),
      /^\S+you .*in the last 10 min runs out in 8\d d by authority 1 · trusts 1 Revoke…$/,
    );
    await says("No link is open: nobody can join just now.");
  });

  it("shows a link that somebody made, and who joined by it, without being asked", async () => {
    const link = await newLink("viewer");
    await says("one viewer moments ago by");
    bo = await joinAs("bo", link);
    await seen("bo", async () => (await row("bo").count()) === 1);
    await says("No link is open");
    assert.equal(await row("bo").getByRole("combobox", { name: "Role of bo" }).inputValue(), "viewer");
  });

  it("gives a member another role, by key too, which holds for its next request", async () => {
    assert.equal(await refusedWith(bo.client.call("listTokens")), "role-insufficient");
    await row("bo").getByRole("combobox").selectOption("admin");
    await seen("bo to be an admin", async () => (await roleOf("bo")) === "admin");
    await bo.client.call("listTokens");
    const select = row("bo").getByRole("combobox");
    await select.focus();
    // Two in a row: the second must not be lost while the first is under way.
    await editor.page.keyboard.press("ArrowUp");
    await editor.page.keyboard.press("ArrowUp");
    await seen("bo to be a viewer again", async () => (await roleOf("bo")) === "viewer");
    await seen("the same on the page", async () => (await select.inputValue()) === "viewer");
    await editor.page.keyboard.press("ArrowDown");
    await seen("bo to be an operator", async () => (await roleOf("bo")) === "operator");
    await seen("the same on the page", async () => (await select.inputValue()) === "operator");
    assert.equal(await select.evaluate((it) => it === document.activeElement), true, "the focus is lost");
  });

  it("keeps the last admin, and says why", async () => {
    const { members: all } = await fixture.client.call("listMembers");
    const owner = all.find(({ name, role }) => role === "admin" && name !== you)!.name;
    await row(owner).getByRole("combobox").selectOption("viewer");
    await seen("one admin", async () => (await roleOf(owner)) === "viewer");
    await row(you).getByRole("combobox").selectOption("viewer");
    await editor.pressDialogButton("Become viewer yourself?", "Change My Role");
    await editor.waitForNotification("Nobody would be left to look after the fleet");
    const own = row(you).getByRole("combobox");
    await seen("the role of before", async () => (await own.inputValue()) === "admin");
    await row(you)
      .getByRole("button", { name: /^Revoke/ })
      .click();
    await editor.pressDialogButton("End your own membership", "End Membership");
    await seen("the same again", async () => (await editor.notifications()).length >= 2);
    assert.equal(await roleOf(you), "admin");
    await row(owner).getByRole("combobox").selectOption("admin");
    await seen("two admins", async () => (await roleOf(owner)) === "admin");
  });

  it("ends a membership after a question, and shows it on request", async () => {
    const eve = await joinAs("eve", await newLink("viewer"));
    await row("eve").getByRole("button", { name: "Revoke the membership of eve…" }).click();
    await editor.screenshot(`${pictures}members-question.png`);
    await editor.pressDialogButton("End the membership of eve?", "Cancel");
    await eve.client.call("listMembers");
    await row("eve").getByRole("button", { name: "Revoke the membership of eve…" }).click();
    await editor.pressDialogButton("End the membership of eve?", "End Membership");
    await seen("eve to be gone", async () => (await row("eve").count()) === 0);
    assert.equal(await refusedWith(eve.client.call("listMembers")), "certificate-refused");
    eve.client.close();
    await page.getByText("Show ended memberships (1)").click();
    await seen("eve", async () => /ended moments ago/.test(await rowText("eve")));
    assert.equal(await row("eve").getByRole("button").count(), 0);
  });

  it("is readable in every theme", () => lookInEachTheme("members", members));

  it("makes a link of the role that was chosen, as text and as a code that a camera reads", async () => {
    await page.getByRole("button", { name: "Invite Somebody…" }).click();
    const items = await editor.quickInputItems();
    assert.deepEqual(
      items.map(({ label }) => label),
      ["Viewer", "Operator", "Admin"],
    );
    await editor.pickQuickInput("Operator");
    page = await invitation("one operator");
    const link = await codeOf("Join link");
    assert.match(link, /^hwledger:\/\/join\?url=https%3A%2F%2F127\.0\.0\.1%3A\d+&token=/);
    assert.equal(await codeOf("In a terminal"), `hwledger join '${link}'`);
    assert.equal(
      await codeOf("Link that opens VS Code"),
      link.replace("hwledger://join", "code-oss://hwledger.hwledger-fleet/join"),
    );
    assert.equal(await readQr(page.locator(".paper svg")), link);
    await says("The service listens on this machine only");
    await seen("the time that is left", async () => /Valid for another 14 min \d+ s/.test(await text()));
    await lookInEachTheme("invitation", () => invitation("one operator"));
    assert.equal(await readQr(page.locator(".paper svg")), link);
  });

  it("copies what is wanted", async () => {
    await editor.page.evaluate(() => navigator.clipboard.writeText("nothing copied yet"));
    const box = page.locator("section.form", { hasText: "In a terminal" });
    await box.getByRole("button").click();
    await seen("word of it", async () => (await box.getByRole("button").innerText()) === "Copied");
    const copied = await editor.page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, await codeOf("In a terminal"));
  });

  it("says who has joined by it, and makes another", async () => {
    const cy = await joinAs("cy", await codeOf("Join link"));
    cy.client.close();
    await says("cy has joined the fleet with this link.");
    assert.equal(await page.locator("code:visible").count(), 0, "a link that opens nothing is still shown");
    await editor.screenshot(`${pictures}invitation-used.png`);
    await page.getByRole("button", { name: "Make Another" }).click();
    await says("Valid for another");
    assert.equal(await readQr(page.locator(".paper svg")), await codeOf("Join link"));
  });

  it("withdraws a link, which then lets nobody in", async () => {
    const link = await codeOf("Join link");
    await page.getByRole("button", { name: "Withdraw This Link" }).click();
    await says("This link was withdrawn and lets nobody in.");
    assert.equal(await refusedWith(joinAs("dee", link)), "token-revoked");
    await editor.screenshot(`${pictures}invitation-withdrawn.png`);
    assert.equal(await readQr(page.locator(".paper svg")), null, "a greyed code is still read");
    await page.getByRole("button", { name: "Make Another" }).click();
    await says("Valid for another");
    await page.getByRole("button", { name: "See All Members and Links" }).click();
    page = await members();
    await page.getByRole("button", { name: "Withdraw the link for one operator" }).click();
    await says("No link is open");
    await editor.page.getByRole("tab", { name: /^Join Link/ }).click();
    page = await invitation("one operator");
    await says("This link was withdrawn and lets nobody in.");
    await editor.runCommand("View: Close Editor");
    page = await members();
  });

  it("makes a link that brings back a member whose certificate has run out", async () => {
    changeStore(fixture.home, "UPDATE certificates SET not_after_ms = 1 WHERE member = 'cy'");
    await page.getByRole("button", { name: "Refresh" }).click();
    await seen("that it has run out", async () => /ran out \d+ d ago/.test(await rowText("cy")));
    await row("cy").getByRole("button", { name: "Make a link that brings cy back…" }).click();
    page = await invitation("cy");
    await says("Whoever has this link becomes cy, once");
    const back = await joinAs("somebody", await codeOf("Join link"));
    back.client.close();
    assert.equal(back.name, "cy");
    await says("cy has joined the fleet with this link.");
    await editor.runCommand("View: Close Editor");
    page = await members();
    await seen("a new certificate", async () => /runs out in/.test(await rowText("cy")));
  });

  it("shows who is no admin the list, why it cannot be changed, and nothing to change it with", async () => {
    const toldBefore = (await editor.notifications()).length;
    await row(you).getByRole("combobox").selectOption("viewer");
    await editor.pressDialogButton("Become viewer yourself?", "Change My Role");
    await says("You are viewer in this fleet. Only admins invite, change roles and end memberships.");
    assert.equal(await page.locator("tbody").getByRole("button").count(), 0);
    assert.equal(await page.getByRole("combobox").count(), 0);
    assert.equal(
      (await editor.notifications()).length,
      toldBefore,
      "a change that was made is told as a failure",
    );
    assert.doesNotMatch(await text(), /Open join links|Invite Somebody/);
    await lookInEachTheme("members-viewer", members);
    await assert.rejects(editor.runCommand("hwLedger: Invite Somebody", 4_000), /in the palette/);
    page = await members();
    await fixture.client.call("changeMember", { params: { member: you }, body: { role: "admin" } });
    await seen("the actions", async () => (await page.getByRole("combobox").count()) > 0);
  });

  it("is there again after a reload of the window, as it was; a link is not", async () => {
    await page.getByRole("button", { name: "Invite Somebody…" }).click();
    await editor.pickQuickInput("Viewer");
    page = await invitation("one viewer");
    const { token } = parseJoinLink(await codeOf("Join link"));
    await waitUntilKept(editor, String.raw`showsEnded\W+true`);
    await editor.reload();
    await editor.page.getByRole("tab", { name: /^Members/ }).click();
    page = await members();
    await seen("eve", async () => (await row("eve").count()) === 1);
    assert.equal(await editor.page.getByRole("tab", { name: /^Join Link/ }).count(), 0);
    await page.getByRole("button", { name: "Withdraw the link for one viewer" }).click();
    await says("No link is open");
    const files = await filesIn(join(fixture.home, "..", "editor"));
    assert.ok(files.some((file) => file.endsWith(".log")));
    const holders = files.filter((file) => readFileSync(file).includes(token));
    assert.deepEqual(holders, [], "the link's secret was written down");
    assert.equal(await isKept(editor, token), false, "the link's secret is in the editor's storage");
  });

  it("dates what it shows when there is no contact, and goes on afterwards", async () => {
    await fixture.killService();
    await says("Not connected");
    assert.match(await text(), /What is shown was so (moments|\d+ s) ago\./);
    assert.equal(await page.getByRole("combobox").count(), 0, "what cannot be done is offered");
    await lookInEachTheme("members-lost", members);
    await fixture.startServiceAgain();
    await seen("the actions", async () => (await page.getByRole("combobox").count()) > 0);
    assert.doesNotMatch(await text(), /Not connected/);
  });
});
