import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Frame } from "playwright-core";
import type { Identity } from "../../protocol/client/identity.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { renewIdentity } from "../../protocol/client/tendIdentity.ts";
import { RemoteProblem } from "../../protocol/problem.ts";
import { seriousFindings } from "../support/editor/axe.ts";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { changeStore } from "./awayFixture.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";
import { filesWith, pageStorage } from "./keptByEditor.ts";
import { refusedWith } from "./membersFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("trust, in the real editor", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let page: Frame;
  let sleeper: Identity;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startDispatchFixture(["rtx-box"]);
    editor = fixture.editor;
    stop = () => fixture.stop();
    await editor.runCommand("Join a Fleet");
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    const made = await fixture.client.call("createToken", { body: { role: "operator" } });
    sleeper = await joinFleet(made.link, { name: "sleeper" });
    await editor.runCommand("Open Members and Invitations");
    page = await members();
    await says("sleeper");
  });
  after(() => stop());

  const members = () => findWebview(editor, "the members", (shown) => shown.startsWith("Members"));
  const text = async () => (await page.locator("main#page").innerText()).replace(/\s+/g, " ");
  const says = (words: string) =>
    editor.until(`the words “${words}”`, async () => (await text()).includes(words));
  const row = (name: string) =>
    page.locator("tbody tr", { has: page.locator(".label").getByText(name, { exact: true }) });
  const askBack = (): Promise<Identity> => renewIdentity(sleeper, (kept) => void (sleeper = kept));

  /** Makes the newest certificate of a member run out, as 90 days without contact would. */
  function runOut(member: string): void {
    changeStore(fixture.home, `UPDATE certificates SET not_after_ms = 1 WHERE member = '${member}'`);
  }

  it("keeps its private key in the editor's secret store, sealed, and nowhere else", async () => {
    const { local, databases } = await editor.until("what the extension keeps", async () => {
      const kept = await pageStorage(editor.page);
      const isAll =
        kept.local.includes("secrets.provider") && kept.databases.includes("hwledger.activeFleet");
      return isAll && kept;
    });
    const userData = join(fixture.workspaceFolder, "..", "editor", "user-data");
    assert.ok((await filesWith(userData, "workbench.colorTheme")).length > 0, "no file was read");
    const key = "PRIVATE KEY";
    const found = [local.includes(key), databases.includes(key), await filesWith(userData, key)];
    assert.deepEqual(found, [false, false, []]);
  });

  it("says which authority signs, and which member trusts and holds what", async () => {
    await says("One authority signs.");
    await says("Authority 1");
    await says("The next rotation begins in 8");
    assert.match((await row("sleeper").innerText()).replace(/\s+/g, " "), /by authority 1 · trusts 1/);
  });

  it("begins a rotation when an admin agrees, and says how far it is", async () => {
    await page.getByRole("button", { name: "Rotate Now…" }).click();
    await editor.pressDialogButton("Make the fleet's next certificate authority now?", "Rotate");
    await says("The next authority was made.");
    await says("Authority 2");
    await says("made, does not sign yet");
    assert.equal(await page.getByRole("button", { name: "Rotate Now…" }).isVisible(), false);
    for (const [theme, id] of Object.entries({
      light: "Light Modern",
      contrast: "Default High Contrast",
      dark: "Dark Modern",
    })) {
      await editor.until(`the theme ${id}`, () => editor.setTheme(id).then(() => true), 60_000);
      page = await members();
      assert.deepEqual(await seriousFindings(page), [], theme);
      await editor.screenshot(`${pictures}trust-${theme}.png`);
    }
    await fixture.client.call("rotateCa", { body: { sign: "now" } });
    await says("A new authority signs.");
    await says("trusted for what it has signed");
  });

  it("lets a member back in that asks for it, with one click", async () => {
    runOut("sleeper");
    const client = createRouteClient(sleeper);
    assert.equal(await refusedWith(client.call("getStatus")), "certificate-expired");
    client.close();
    const problem = await askBack().catch((error: unknown) => error);
    assert.ok(problem instanceof RemoteProblem && problem.problem.code === "approval-needed");
    await says(`asks to come back with the code ${String(problem.problem.facts?.["code"])}`);
    await editor.screenshot(`${pictures}trust-asks-back-dark.png`);
    await row("sleeper")
      .getByRole("button", { name: /^Let sleeper back in/ })
      .click();
    await editor.until("the approval", () =>
      askBack().then(
        () => true,
        () => false,
      ),
    );
    await says("by authority 2");
  });

  it("asks to come back itself from the status bar once its own membership has run out", async () => {
    const { members: all } = await fixture.client.call("listMembers");
    const owner = (await fixture.client.call("getStatus")).member;
    const own = all.find(({ role, name }) => role === "admin" && name !== owner)?.name ?? "";
    runOut(own);
    await editor.until("the red status bar", () =>
      editor.page.locator(".statusbar-item", { hasText: "hwLedger: not connected" }).isVisible(),
    );
    await editor.page.locator(".statusbar-item", { hasText: "hwLedger: not connected" }).click();
    await editor.waitForNotification("An admin has to let you back in");
    const asking = (await fixture.client.call("listMembers")).members.find(({ name }) => name === own);
    const body = { code: asking?.askedBackCode ?? "" };
    await fixture.client.call("approveMember", { params: { member: own }, body });
    // Nobody has to ask a second time.
    const isBack = () => editor.page.locator(".statusbar-item", { hasText: "GPUs" }).isVisible();
    await editor.until("contact", isBack, 90_000);
    const back = (await fixture.client.call("listMembers")).members.find(({ name }) => name === own);
    assert.ok((back?.notAfterMs ?? 0) > Date.now() && back?.askedBackAtMs === null);
  });
});
