import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Editor } from "../support/editor/editor.ts";
import { packExtensionForHarness } from "../support/editor/extensionForHarness.ts";
import { startEditor } from "../support/editor/startEditor.ts";

describe("the editor that tests drive", function () {
  this.timeout(120_000);
  let dir = "";
  let editor: Editor;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "hwledger-editor-"));
    const workspaceFolder = join(dir, "workspace");
    await mkdir(join(workspaceFolder, "src"), { recursive: true });
    await writeFile(join(workspaceFolder, "src", "train me.py"), "print('hi')\n");
    await writeFile(join(workspaceFolder, "run.sh"), "echo hi\n");
    const vsix = await packExtensionForHarness(dir);
    const env = { HWLEDGER_HARNESS: "inherited" };
    editor = await startEditor({
      dir: join(dir, "editor"),
      vsix,
      workspaceFolder,
      theme: "Light Modern",
      env,
    });
  });

  after(async () => {
    await editor?.stop();
    assert.deepEqual(await processesNaming(dir), []);
    await rm(dir, { recursive: true, force: true });
  });

  it("reads a tree of more items than fit on screen, and expands one", async () => {
    await editor.openView("Things");
    const closed = await editor.waitForTree("Things", "45 items", (items) => items.length === 45);
    assert.deepEqual(closed[0], { label: "thing 0", description: "number 0", level: 1, expanded: false });
    assert.deepEqual(closed[44], { label: "thing 44", description: "number 44", level: 1, expanded: null });
    await editor.expandTreeItem("Things", "thing 0");
    const open = await editor.waitForTree("Things", "46 items", (items) => items.length === 46);
    assert.deepEqual(open[1], { label: "inner", description: "", level: 2, expanded: null });
  });

  it("answers pick lists and inputs that a tree item's menu opened, and reads the notification", async () => {
    await editor.openView("Things");
    await editor.treeContextMenu("Things", "thing 1", "Ask for the Harness");
    assert.deepEqual(await editor.quickInputItems(), [
      { label: "alpha", description: "first", detail: "" },
      { label: "beta", description: "second", detail: "with a detail" },
    ]);
    await editor.pickQuickInput("beta");
    await editor.typeInQuickInput("twice", { prompt: "How often?" });
    await editor.waitForNotification("answered beta twice");
    await editor.pressNotificationButton("answered beta twice", "Fine");
    await editor.waitForNotification("fine, beta");
    const severities = (await editor.notifications()).map(({ severity }) => severity);
    assert.deepEqual(severities, ["info", "warning"]);
  });

  it("right-clicks a file in the Explorer and reads the terminal that opens, with what scrolled away", async () => {
    assert.ok((await editor.explorerMenuItems("run.sh")).includes("Run for the Harness"));
    await editor.explorerContextMenu("src/train me.py", "Run for the Harness");
    await editor.waitForTerminal("ran train me.py, inherited");
    assert.ok(!(await editor.terminalText()).includes("first line"));
    const lines = (await editor.terminalBuffer()).split("\n");
    assert.deepEqual(lines.slice(0, 3), ["first line", `${"long ".repeat(80)}line`, "line 0"]);
    assert.equal(lines.length, 103);
    await editor.pressInTerminal("Control+C");
    await editor.waitForTerminal("typed 3");
  });

  it("right-clicks into the text editor", async () => {
    await editor.openFile("run.sh");
    await editor.editorContextMenu("Run for the Harness");
    await editor.waitForTerminal("ran run.sh");
  });

  it("opens links to the extension, from the system and from a browser", async () => {
    await editor.openUri("code-oss://throwaway.harness/join?a=app");
    await editor.waitForNotification("link /join a=app");
    await editor.runCommand("Make a Link");
    await editor.waitForNotification("link is made");
    await editor.openUri(await editor.page.evaluate(() => navigator.clipboard.readText()));
    await editor.waitForNotification("link /join a=web");
  });

  it("keeps secrets over a reload", async () => {
    await editor.reload();
    assert.deepEqual(await editor.notifications(), []);
    await editor.runCommand("Read the Secret");
    await editor.waitForNotification("secret beta twice");
  });

  it("changes the theme, takes a screenshot, reads the status bar and the extension's log", async () => {
    const [light, dark] = [join(dir, "light.png"), join(dir, "dark.png")];
    await editor.screenshot(light);
    await editor.setTheme("Default High Contrast");
    await editor.screenshot(dark);
    assert.notDeepEqual(await readFile(light), await readFile(dark));
    assert.ok((await editor.statusBarText()).split("\n").includes("harness ready"));
    assert.match(await editor.extensionHostLog(), /Harness\.log\n.*the harness extension is active/);
  });

  it("asked for nothing outside this machine", () => {
    assert.deepEqual(editor.blockedUrls(), []);
  });

  it("says what it waited for and what it saw when a wait runs out", async () => {
    await assert.rejects(editor.runCommand("No Such Command", 1_000), (error: Error) => {
      assert.match(error.message, /waited 1000 ms for the command "No Such Command"/);
      assert.match(error.message, /on screen:[^]*harness ready/);
      return true;
    });
  });
});

/** Ids of the processes whose command line names the folder. */
async function processesNaming(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes(dir)) found.push(pid);
  }
  return found;
}
