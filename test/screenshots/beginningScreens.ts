import { slowStarts, replaceMemberships, vault, type EmptyHanded } from "../e2e/emptyHandedFixture.ts";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import type { Album } from "./createAlbum.ts";
import { createOpenings } from "./openings.ts";

/** A person with the editor alone: the welcome, the first host, its questions, who can reach it, the service stopped. */
export async function beginningScreens(fixture: EmptyHanded, album: Album): Promise<void> {
  const { editor, lab } = fixture;
  const { step } = album;
  const { list, inputAfter, question, notice } = createOpenings(editor);
  await step("memberships that cannot be read", async () => {
    await replaceMemberships(fixture, "[{");
    await editor.openView("Hosts");
    await editor.page.getByText("cannot be read").first().waitFor({ timeout: 30_000 });
  });
  await album.inEveryTheme("unreadable");
  await step("none of them", () => replaceMemberships(fixture, "[]"));
  await step("welcome", () => editor.openView("Hosts"));
  await album.inEveryTheme("welcome");
  await step("the walkthrough", async () => {
    await editor.runCommand("Welcome: Open Walkthrough...");
    await editor.pickQuickInput("Run Your Files on Your GPU Machines");
    await editor.page.getByText("Have a fleet").first().waitFor({ timeout: 30_000 });
  });
  await album.inEveryTheme("walkthrough");
  await step("no walkthrough", () => editor.runCommand("View: Close All Editors"));
  await album.opened({
    "notice-join-refused": notice(
      () => editor.openUri("code-oss://hwledger.hwledger-fleet/join?link=nonsense"),
      "The join link",
    ),
  });
  const hurry = await slowStarts(fixture);
  const start = () => editor.page.getByRole("button", { name: "Start a Fleet on This Machine" }).click();
  const starting = "Starting the fleet's service";
  await step("a start that takes its time", start);
  await album.inEveryTheme("starting", async () =>
    (await editor.page.locator(".notifications-toasts").innerText()).includes(starting),
  );
  await step("a fleet on this machine", async () => {
    await editor.pressNotificationButton(starting, "Cancel");
    await hurry();
    await start();
    await editor.waitForNotification("Joined the fleet at", 60_000);
  });
  await album.inEveryTheme("first-fleet");
  const spark = lab.host("spark");
  const addSpark = async () => {
    await editor.runCommand("hwLedger: Add a Host");
    await editor.pickQuickInput("Type an Address…");
    await editor.typeInQuickInput(`${spark.user}@${spark.address}:${spark.port}`, {
      prompt: "[user@]address",
    });
    await editor.typeInQuickInput("spark", { prompt: "What to call it" });
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
  };
  /** As far as the question that comes after those answers. */
  const addVault = async (...answers: readonly [prompt: string, answer: string][]) => {
    await editor.runCommand("hwLedger: Add a Host");
    await editor.pickQuickInput("vault");
    await editor.typeInQuickInput("vault", { prompt: "What to call it" });
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
    for (const [prompt, answer] of answers) await editor.typeInQuickInput(answer, { prompt });
  };
  const passphrase = "Passphrase of the key";
  await album.opened({
    "list-add-host": list("hwLedger: Add a Host"),
    "input-host-name": inputAfter(async () => {
      await editor.runCommand("hwLedger: Add a Host");
      await editor.pickQuickInput("vault");
    }, "What to call it"),
    "dialog-host-key": question(addSpark, "Is this the key of spark?"),
    "ask-passphrase": inputAfter(() => addVault(), passphrase),
    "ask-passphrase-again": inputAfter(() => addVault([passphrase, "guessed"]), "Wrong passphrase."),
    "notice-add-host-refused": async () => {
      await addVault();
      await inputAfter(() => Promise.resolve(), passphrase)();
      await editor.page.keyboard.press("Escape");
      await editor.waitForNotification("got no answer");
    },
    "dialog-stop-service": question(
      () => editor.runCommand("hwLedger: Stop the Fleet's Service on This Machine"),
      "Stop the fleet's service",
    ),
  });
  // Once it was right it is not asked again: the password comes at once then.
  await step("the right passphrase", async () => {
    await inputAfter(() => addVault([passphrase, vault.keyPassphrase]), "Password of")();
    await editor.page.keyboard.press("Escape");
  });
  await album.opened({ "ask-password": inputAfter(addVault, "Password of") });
  await step("a host, and one that waits for a login", async () => {
    await addSpark();
    await editor.pressDialogButton("Is this the key of spark?", "Trust This Key");
    await editor.waitForNotification("spark is in the fleet", 60_000);
    await inputAfter(addVault, "Password of")();
    await editor.page.keyboard.press("Escape");
    await editor.pressNotificationButton("vault", "Add It Anyway");
    await editor.waitForTree("Hosts", "the host that waits", (rows) =>
      rows.some(({ label, description }) => label === "vault" && description.startsWith("needs login")),
    );
  });
  await album.inEveryTheme("needs-login");
  await reachScreens(editor, album);
  await step("the service stops", async () => {
    await editor.runCommand("hwLedger: Stop the Fleet's Service on This Machine");
    await editor.pressDialogButton("Stop the fleet's service on this machine?", "Stop the Service");
    await editor.waitForNotification("The fleet's service has stopped");
  });
  await album.inEveryTheme("stopped", async () => (await editor.statusBarText()).includes("not connected"));
}

/** A link that only this machine can use, and what is asked before the service listens further and no longer does. */
async function reachScreens(editor: Editor, album: Album): Promise<void> {
  const { question } = createOpenings(editor);
  const link = () => findWebview(editor, "the link", (shown) => shown.startsWith("Join link for"));
  const further = async () =>
    (await link()).getByRole("button", { name: "Let Other Machines Reach It…" }).click();
  await album.step("a link for this machine alone", async () => {
    await editor.runCommand("Invite Somebody");
    await editor.pickQuickInput("Viewer");
    await link();
  });
  await album.inEveryTheme("join-link-here", () => link().then(() => true));
  await album.opened({ "dialog-listen": question(further, "Let other machines reach") });
  await album.step("a service that others reach", async () => {
    await further();
    await editor.pressDialogButton("Let other machines reach the fleet's service?", "Restart and Listen");
    const shown = await link();
    await editor.until("the new link", async () => !(await shown.locator(".reach").isVisible()), 90_000);
  });
  await album.opened({
    "dialog-hide": question(
      () => editor.runCommand("hwLedger: Let Only This Machine Reach the Fleet's Service"),
      "Let only this machine reach",
    ),
  });
  await album.step("no panels", () => editor.runCommand("View: Close All Editors"));
}
