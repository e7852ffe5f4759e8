import type { EmptyHanded } from "../e2e/emptyHandedFixture.ts";
import type { Album } from "./createAlbum.ts";

/** A person with the editor alone: the welcome, the first host, its key, the service stopped. */
export async function beginningScreens({ editor, lab }: EmptyHanded, album: Album): Promise<void> {
  const { step, picture } = album;
  await step("welcome", () => editor.openView("Hosts"));
  await album.inEveryTheme("welcome");
  await step("the walkthrough", async () => {
    await editor.runCommand("Welcome: Open Walkthrough...");
    await editor.pickQuickInput("Run Your Files on Your GPU Machines");
    await editor.page.getByText("Have a fleet").first().waitFor({ timeout: 30_000 });
  });
  await album.inEveryTheme("walkthrough");
  await step("no walkthrough", () => editor.runCommand("View: Close All Editors"));
  await step("a join link from elsewhere", async () => {
    const link = "code-oss://hwledger.hwledger-fleet/join?link=nonsense";
    await editor.openUri(link);
    await editor.until("an answer", async () => (await editor.notifications()).length > 0);
    await picture("join-by-link-refused-dark");
  });
  await step("a fleet on this machine", async () => {
    await editor.page.getByRole("button", { name: "Start a Fleet on This Machine" }).click();
    await picture("starting-dark", async () =>
      (await editor.page.locator(".notifications-toasts").innerText()).includes(
        "Starting the fleet's service",
      ),
    );
    await editor.waitForNotification("Joined the fleet at", 60_000);
  });
  await album.inEveryTheme("first-fleet");
  await step("the question for a host's key", async () => {
    const { address, port, user } = lab.host("spark");
    await editor.runCommand("hwLedger: Add a Host");
    await editor.quickInputItems();
    await picture("add-host-dark");
    await editor.pickQuickInput("Type an Address…");
    await editor.typeInQuickInput(`${user}@${address}:${port}`, { prompt: "[user@]address" });
    await editor.typeInQuickInput("spark", { prompt: "What to call it" });
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
    await editor.until("the question", () => editor.page.locator(".monaco-dialog-box").isVisible(), 60_000);
    await picture("dialog-host-key-dark");
    await editor.pressDialogButton("Is this the key of spark?", "Trust This Key");
    await editor.waitForNotification("spark is in the fleet", 60_000);
  });
  await step("the questions of a host with secrets", async () => {
    await editor.runCommand("hwLedger: Add a Host");
    await editor.pickQuickInput("vault");
    await editor.typeInQuickInput("vault", { prompt: "What to call it" });
    await picture("input-rate-dark");
    await editor.typeInQuickInput("", { prompt: "US dollars per hour" });
    const box = editor.page.locator(".quick-input-widget:visible");
    await editor.until("the question", async () => (await box.innerText()).includes("Passphrase of the key"));
    await picture("ask-passphrase-dark");
    await editor.page.keyboard.press("Escape");
    await picture("add-host-refused-dark", async () =>
      (await editor.page.locator(".notifications-toasts").innerText()).includes("got no answer"),
    );
  });
  await step("the question before a host is removed", async () => {
    await editor.treeContextMenu("Hosts", "spark", "Remove Host");
    await editor.until("the question", () => editor.page.locator(".monaco-dialog-box").isVisible());
    await picture("dialog-remove-host-dark");
    await editor.page.keyboard.press("Escape");
  });
  await step("the question before the service stops", async () => {
    await editor.runCommand("hwLedger: Stop the Fleet's Service on This Machine");
    await editor.until("the question", () => editor.page.locator(".monaco-dialog-box").isVisible());
    await picture("dialog-stop-service-dark");
    await editor.pressDialogButton("Stop the fleet's service on this machine?", "Stop the Service");
    await editor.waitForNotification("The fleet's service has stopped");
  });
  await album.inEveryTheme("stopped", async () => (await editor.statusBarText()).includes("not connected"));
}
