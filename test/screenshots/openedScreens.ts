import { join } from "node:path";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { DispatchFixture } from "../e2e/dispatchFixture.ts";
import type { Album } from "./createAlbum.ts";
import { createOpenings } from "./openings.ts";

/** Everything that opens over the window and closes again: lists, inputs, questions, menus and what hovers. */
export async function openedScreens({ editor, client }: DispatchFixture, album: Album): Promise<void> {
  const { list, input, inputAfter, question, hover } = createOpenings(editor);
  const { link } = await client.call("createToken", { body: { role: "viewer" } });
  await album.step("a file to dispatch", () => editor.openFile("wait.py"));
  await album.opened({
    "list-dispatch": list("hwLedger: Dispatch to GPU host"),
    "input-arguments": inputAfter(async () => {
      await editor.runCommand("hwLedger: Dispatch to GPU host");
      await editor.pickQuickInput("Arguments: none");
    }, "As in a shell"),
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
    }, "Cancel"),
    "dialog-own-environment": question(
      () => editor.treeContextMenu("Jobs", "with a token.py", "Run Job Again"),
      "environment variables of its own",
    ),
    "dialog-remove-host": question(async () => {
      await editor.runCommand("hwLedger: Remove Host");
      await editor.pickQuickInput("worn-3090");
    }, "Remove worn-3090"),
    "dialog-leave": question(() => editor.runCommand("hwLedger: Leave the Fleet"), "Leave the fleet at"),
    "dialog-join-by-link": question(async () => {
      await editor.openUri(link.replace("hwledger://", "code-oss://hwledger.hwledger-fleet/"));
    }, "A link asks to join"),
    settings: async () => {
      await editor.runCommand("Preferences: Open Settings (UI)");
      await editor.page.locator(".settings-editor .suggest-input-container").first().click();
      await editor.page.keyboard.type("hwledger");
      await editor.page
        .locator(".settings-editor")
        .getByText(/Hwledger/)
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

/** What a person is told in the corner of the window, and what is asked about a host whose jobs have not ended. */
export async function toldScreens(
  { editor, client, workspaceFolder }: DispatchFixture,
  album: Album,
): Promise<void> {
  const { notice, question } = createOpenings(editor);
  await album.step("a job that runs", async () => {
    await editor.runCommand("View: Close All Editors");
    await dispatchFile(client, { file: join(workspaceFolder, "wait.py"), host: "h100-node" });
    await editor.waitForTree("Jobs", "it runs", ([group]) => group?.label === "Running");
  });
  await album.opened({
    "notice-job-ended": notice(
      () => editor.treeContextMenu("Jobs", "train it.py", "Run Job Again"),
      "train it.py on rtx-box: exit 3",
    ),
    "dialog-give-up-jobs": question(
      () => editor.treeContextMenu("Hosts", "h100-node", "Remove Host"),
      "has jobs that have not ended",
    ),
  });
  await album.step("a file dispatched by hand", async () => {
    await editor.openFile("train it.py");
    await editor.runCommand("hwLedger: Dispatch to GPU host");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("exit 3 after");
    await editor.openFile("wait.py");
  });
  await album.opened({
    "dialog-dispatch-again": question(
      () => editor.runCommand("hwLedger: Dispatch Again"),
      "Dispatch train it.py to rtx-box again?",
    ),
  });
  await album.step("processes under a GPU", async () => {
    await editor.runCommand("View: Hide Panel");
    await editor.runCommand("hwLedger: Filter the Hosts");
    await editor.typeInQuickInput("spark", { prompt: "Words that a host must have" });
    const items = await editor.waitForTree("Hosts", "a GPU in use", (rows) =>
      rows.some(({ level, expanded }) => level === 2 && expanded !== null),
    );
    await editor.expandTreeItem(
      "Hosts",
      items.find(({ level, expanded }) => level === 2 && expanded !== null)!.label,
    );
  });
  await album.inEveryTheme("processes");
  await album.step("all hosts", () => editor.runCommand("hwLedger: Clear the Filter of the Hosts"));
}
