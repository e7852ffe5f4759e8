import type { DispatchFixture } from "../e2e/dispatchFixture.ts";
import type { Album } from "./createAlbum.ts";

/** Everything that opens over the window and closes again: lists, inputs, questions, menus and what hovers. */
export async function openedScreens({ editor, client }: DispatchFixture, album: Album): Promise<void> {
  const list = (command: string) => async () => {
    await editor.runCommand(command);
    await editor.quickInputItems();
  };
  const input = (command: string, pick?: string) => async () => {
    await editor.runCommand(command);
    if (pick !== undefined) await editor.pickQuickInput(pick);
    await editor.page
      .locator(".quick-input-widget:visible .quick-input-message")
      .waitFor({ timeout: 30_000 });
  };
  const question = (open: () => Promise<unknown>) => async () => {
    await open();
    await editor.page.locator(".monaco-dialog-box:visible").waitFor({ timeout: 30_000 });
  };
  const hover = (selector: string, text: string, word: string) => async () => {
    await editor.page.mouse.move(700, 300);
    await editor.page.locator(selector, { hasText: text }).first().hover();
    const shown = editor.page.locator(".monaco-hover:visible", { hasText: word }).last();
    await shown.waitFor({ timeout: 30_000 });
  };
  await album.step("a file to dispatch", () => editor.openFile("wait.py"));
  await album.opened({
    "list-dispatch": list("hwLedger: Dispatch to GPU host"),
    "input-arguments": async () => {
      await editor.runCommand("hwLedger: Dispatch to GPU host");
      await editor.pickQuickInput("Arguments: none");
      await editor.page.locator(".quick-input-widget:visible", { hasText: "As in a shell" }).waitFor();
    },
    "list-hosts": list("hwLedger: Open Host Panel"),
    "list-groupings": list("hwLedger: Group the Hosts"),
    "list-jobs": list("hwLedger: Show Job Log"),
    "list-fleets": list("hwLedger: Switch to Another Fleet"),
    "input-add-host": input("hwLedger: Add a Host"),
    "input-filter-hosts": input("hwLedger: Filter the Hosts"),
    "input-filter-ledger": input("hwLedger: Filter the Ledger"),
    "input-rate": input("hwLedger: Set Host Rate", "rtx-box"),
    "input-fleet-name": input("hwLedger: Rename the Fleet"),
    "dialog-cancel-job": question(async () => {
      await editor.runCommand("hwLedger: Cancel Job");
      await editor.pickQuickInput("wait.py");
    }),
    "dialog-remove-host": question(async () => {
      await editor.runCommand("hwLedger: Remove Host");
      await editor.pickQuickInput("worn-3090");
    }),
    "dialog-leave": question(() => editor.runCommand("hwLedger: Leave the Fleet")),
    "dialog-join-by-link": question(async () => {
      const { link } = await client.call("createToken", { body: { role: "viewer" } });
      await editor.openUri(link.replace("hwledger://", "code-oss://hwledger.hwledger-fleet/"));
    }),
    settings: async () => {
      await editor.runCommand("Preferences: Open Settings (UI)");
      await editor.page.locator(".settings-editor .suggest-input-container").first().click();
      await editor.page.keyboard.type("hwledger");
      await editor.page
        .locator(".settings-editor")
        .getByText("Notify When Job Ends")
        .first()
        .waitFor({ timeout: 30_000 });
    },
    "menu-host": async () => {
      await editor.page
        .locator('.pane-body [role="treeitem"]', { hasText: "rtx-box" })
        .first()
        .click({ button: "right" });
      await editor.page.locator(".monaco-menu:visible").waitFor({ timeout: 30_000 });
    },
    "hover-host": hover('.pane-body [role="treeitem"]', "h100-node", "Status"),
    "hover-gpu": hover('.pane-body [role="treeitem"]', "RTX 4090", "Temperature"),
    "hover-status-bar": hover('.statusbar-item[id$="hwledger.fleet"]', "", "hosts online"),
  });
}
