import { join } from "node:path";
import Database from "better-sqlite3";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import type { DispatchFixture } from "../e2e/dispatchFixture.ts";
import { pressInEditor } from "../e2e/jobsFixture.ts";
import { joinAs } from "../e2e/membersFixture.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { startServiceProcess } from "../support/startServiceProcess.ts";
import type { Album } from "./createAlbum.ts";
import { createOpenings } from "./openings.ts";

/** Who belongs to the fleet: for an admin, with a membership that has ended and links; a link in each of its states. */
export async function memberScreens(fixture: DispatchFixture, album: Album): Promise<void> {
  const { editor, client, home, service } = fixture;
  const { step, inEveryTheme } = album;
  const members = () => findWebview(editor, "the members", (shown) => shown.startsWith("Members"));
  const link = () => findWebview(editor, "the link", (shown) => shown.startsWith("Join link for"));
  const makeLink = async (role: "viewer" | "operator" | "admin") =>
    (await client.call("createToken", { body: { role } })).link;
  const isOpen = () => link().then(() => true);
  await step("join", async () => {
    await editor.runCommand("Join a Fleet");
    await editor.typeInQuickInput(service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    await editor.openView("Hosts");
  });
  await step("members", async () => {
    for (const [name, role] of [
      ["bo", "operator"],
      ["cy", "viewer"],
      ["dee", "viewer"],
      ["eve", "viewer"],
    ] as const) {
      const guest = await joinAs(name, await makeLink(role));
      await guest.client.call("listMembers");
      guest.client.close();
    }
    await client.call("revokeMember", { params: { member: "eve" } });
    endCertificateOf("dee", home);
    const forAgent = () => client.call("createToken", { body: { role: "agent", host: "rtx-box" } });
    (await joinAs("agent", (await forAgent()).link, "agent")).client.close();
    await forAgent();
    await makeLink("operator");
    await editor.runCommand("hwLedger: Open Members and Invitations");
    await (await members()).getByText("Show ended memberships (1)").click();
  });
  await inEveryTheme("members", () => members().then(() => true));
  const press = (name: string) => async () => (await members()).getByRole("button", { name }).click();
  const { list, question } = createOpenings(editor);
  await album.opened({
    "dialog-revoke": question(press("Revoke the membership of bo…"), "End the membership of bo?"),
    "dialog-own-role": question(async () => {
      const shown = await members();
      const own = shown.locator("tr", { has: shown.locator(".badge") });
      await own.getByRole("combobox").selectOption("viewer");
    }, "Become viewer yourself?"),
    "dialog-rotate": question(press("Rotate Now…"), "next certificate authority"),
    "list-roles": list("hwLedger: Invite Somebody"),
  });
  await step("the next authority", async () => {
    await press("Rotate Now…")();
    await editor.pressDialogButton("Make the fleet's next certificate authority now?", "Rotate");
    await (await members()).getByText("made, does not sign yet").first().waitFor({ timeout: 30_000 });
  });
  await inEveryTheme("members-rotation", () => members().then(() => true));
  await step("a link", async () => {
    await editor.runCommand("hwLedger: Invite Somebody");
    await editor.pickQuickInput("Operator");
  });
  await inEveryTheme("join-link", isOpen);
  await step("a link that was used", async () => {
    const text = await (await link()).locator("code").first().innerText();
    (await joinAs("flo", text)).client.close();
    await (await link()).getByText("flo has joined").waitFor({ timeout: 30_000 });
  });
  await inEveryTheme("join-link-used", isOpen);
  await step("no panels", () => editor.runCommand("View: Close All Editors"));
  await viewerScreens(fixture, album);
  await otherFleetScreens(fixture, album);
}

/** What who only looks is shown and offered. */
async function viewerScreens({ editor, client }: DispatchFixture, album: Album): Promise<void> {
  const { notice } = createOpenings(editor);
  await album.step("a viewer", async () => {
    const { members } = await client.call("listMembers");
    const { member: owner } = await client.call("getStatus");
    const own = members.find(({ name, role }) => role === "admin" && name !== owner)!;
    await client.call("changeMember", { params: { member: own.name }, body: { role: "viewer" } });
    await editor.openView("Jobs");
    await editor.page.getByText("operators of the fleet").first().waitFor({ timeout: 30_000 });
    await editor.runCommand("Open the Fleet Dashboard");
    await findWebview(editor, "the dashboard", (shown) => shown.startsWith("Fleet"));
  });
  await album.inEveryTheme("viewer");
  await album.step("a viewer's file", async () => {
    await editor.runCommand("View: Close All Editors");
    await editor.openFile("wait.py");
  });
  await album.opened({
    "menu-host-viewer": () => editor.openTreeMenu("Hosts", "rtx-box"),
    "notice-viewer-refused": notice(
      () => pressInEditor(editor, "Control+Alt+g"),
      "Your role may not do this",
    ),
  });
}

/** A host's panel and a job's log while the window shows another fleet than theirs. */
async function otherFleetScreens(fixture: DispatchFixture, album: Album): Promise<void> {
  const { editor, client, home, workspaceFolder } = fixture;
  const person = join(home, "..", "person");
  const other = await startServiceProcess(join(home, "..", "other"), { env: { HOME: person } });
  const panel = (text: string) => findWebview(editor, text, (shown) => shown.includes(text));
  try {
    await album.step("another fleet", async () => {
      await dispatchFile(client, { file: join(workspaceFolder, "wait.py"), host: "rtx-box" });
      await editor.clickTreeItem("Jobs", "wait.py");
      await editor.waitForTerminal("waiting for the signal");
      await editor.runCommand("Open Host Panel");
      await editor.pickQuickInput("rtx-box");
      await panel("was added");
      await editor.runCommand("Join a Fleet");
      await editor.typeInQuickInput(other.link, { prompt: "join link" });
      await editor.waitForNotification(`Joined the fleet at ${other.url}`);
      await panel("in a fleet that this window does not show now");
    });
    await album.inEveryTheme("other-fleet");
    await album.opened({
      "list-two-fleets": createOpenings(editor).list("hwLedger: Switch to Another Fleet"),
    });
  } finally {
    await other.end("SIGTERM");
  }
}

/** As if ninety days had gone by for one member. */
function endCertificateOf(member: string, home: string): void {
  const db = new Database(homeLayout(home).database, { timeout: 5_000 });
  try {
    const end = "UPDATE certificates SET not_after_ms = ? WHERE member = ?";
    if (db.prepare(end).run(Date.now() - 3 * 86_400_000, member).changes === 0)
      throw new Error(`${member} has no certificate`);
  } finally {
    db.close();
  }
}
