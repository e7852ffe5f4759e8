import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clickOnce } from "../support/editor/click.ts";
import type { Editor } from "../support/editor/editor.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { jobTexts, moveUpTo, pressInEditor, reloadWindow, startJobsFixture } from "./jobsFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
const dispatchKey = "Control+Alt+g";
const againKey = "Control+Alt+Shift+G";
/** So long a window is watched that must not tell anything. */
const quietMs = 2_000;
/** Prints which files came with it. */
const lister = 'import os\nprint("came:", *sorted(os.listdir(".")))\n';

describe("what a dispatch sends, in the real editor against a real host", function () {
  this.timeout(180_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startJobsFixture(["rtx-box"]);
    editor = fixture.editor;
    stop = () => fixture.stop();
    await writeFile(join(fixture.workspaceFolder, "which.py"), lister);
  });
  after(() => stop());

  const picture = (name: string) => editor.screenshot(`${pictures}sending-${name}.png`);
  const sends = async () => {
    const item = (await editor.quickInputItems()).find(({ label }) => label.startsWith("Sends: "));
    return [item?.label, item?.description];
  };
  const jobsAre = (count: number) =>
    editor.until(`${count} jobs`, async () => (await jobTexts(fixture)).length === count);

  /** Chooses an entry of the run menu above the active file. The editor ignores the mouse for a moment after it opened. */
  async function chooseAbove(title: string): Promise<void> {
    const menu = editor.page.locator(".monaco-menu:visible");
    const opener = ".editor-group-container.active .editor-actions .dropdown-action-container .action-label";
    let isClicked = false;
    await editor.until(`“${title}” above the file`, async () => {
      if (!(await menu.isVisible())) {
        if (isClicked) return true;
        await editor.page.locator(opener).first().click({ timeout: 3_000 });
      }
      await clickOnce(menu.getByText(title, { exact: true }), 3_000);
      isClicked = true;
      return menu.isHidden();
    });
  }

  /** The editor's list of files takes a path only once it has looked at what was typed. */
  async function openOutside(path: string): Promise<void> {
    await editor.runCommand("File: Open File...");
    const box = editor.page.locator(".quick-input-widget:visible input").first();
    await box.waitFor();
    const tab = editor.page.locator('.tab.active[aria-label^="found.py"]');
    await editor.until("the file outside", async () => {
      if (await tab.isVisible()) return true;
      await box.fill(path, { timeout: 1_000 });
      await editor.page.waitForTimeout(500);
      await box.press("Enter", { timeout: 1_000 });
      await tab.waitFor({ timeout: 2_000 });
      return true;
    });
  }

  it("is told before it is sent, can be chosen by key, and is remembered for the file", async () => {
    await editor.openFile("which.py");
    await pressInEditor(editor, dispatchKey);
    assert.deepEqual(await sends(), ["Sends: the folder experiments", "send which.py alone"]);
    await picture("folder");
    await moveUpTo(editor, "Sends");
    await editor.page.keyboard.press("Enter");
    await editor.until("the other choice", async () => (await sends())[0] === "Sends: which.py alone");
    assert.equal((await sends())[1], "send the folder experiments");
    await picture("alone");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("came: which.py");
    await jobsAre(1);
    await pressInEditor(editor, dispatchKey);
    assert.equal((await sends())[0], "Sends: which.py alone");
    await editor.pickQuickInput("Sends: which.py alone");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("args.py count.py");
    await jobsAre(2);
  });

  it("is the script alone for a file outside every open folder, with the way to its folder", async () => {
    const outside = join(fixture.workspaceFolder, "..", "downloads");
    await mkdir(outside);
    await writeFile(join(outside, "private.txt"), "nobody's business\n");
    await writeFile(join(outside, "found.py"), lister);
    await openOutside(join(outside, "found.py"));
    await pressInEditor(editor, dispatchKey);
    assert.deepEqual(await sends(), ["Sends: found.py alone", "send the folder downloads"]);
    await picture("outside");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("came: found.py");
    assert.doesNotMatch(await editor.terminalBuffer(), /private\.txt/);
    await jobsAre(3);
  });

  it("is the file that the run menu stands above, again or for the first time", async () => {
    await editor.openFile("args.py");
    await chooseAbove("Dispatch Again");
    assert.equal((await sends())[0], "Sends: the folder experiments");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("arguments []");
    await editor.openFile("which.py");
    await chooseAbove("Dispatch Again");
    await jobsAre(5);
    assert.deepEqual((await jobTexts(fixture)).slice(0, 2), ["which.py on rtx-box", "args.py on rtx-box"]);
  });

  it("is asked about by key where another file than the one in front would be sent", async () => {
    await editor.openFile("fail.py");
    await pressInEditor(editor, againKey);
    await editor.pressDialogButton("Dispatch which.py to rtx-box again?", "Cancel");
    await pressInEditor(editor, againKey);
    await editor.page.locator(".monaco-dialog-box:visible").waitFor();
    await picture("again-other");
    await editor.pressDialogButton("Dispatch which.py to rtx-box again?", "Dispatch Again");
    await jobsAre(6);
    assert.equal((await jobTexts(fixture))[0], "which.py on rtx-box");
  });

  it("is a notebook as it is seen once it is saved, which is asked about, or as it is on disk", async () => {
    const path = join(fixture.workspaceFolder, "analysis.ipynb");
    const cell = { cell_type: "code", execution_count: null, metadata: {}, outputs: [], source: ["x = 1"] };
    await writeFile(path, JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const text =
      'import json\nprint([cell["source"] for cell in json.load(open("analysis.ipynb"))["cells"]])\n';
    await writeFile(join(fixture.workspaceFolder, "reads.py"), text);
    await editor.openFile("analysis.ipynb");
    await editor.page.locator(".notebook-editor .cell .monaco-editor:visible").first().click();
    await editor.page.keyboard.type("seen = 42;");
    await editor.page.locator(".tab.dirty", { hasText: "analysis.ipynb" }).waitFor();
    const send = async (answer: string) => {
      await editor.openFile("reads.py");
      await pressInEditor(editor, dispatchKey);
      await editor.pickQuickInput("rtx-box");
      await editor.page.locator(".monaco-dialog-box:visible").waitFor();
      await picture("notebook");
      await editor.pressDialogButton("analysis.ipynb has changes that are not saved.", answer);
    };
    await send("Cancel");
    await send("Send Without Them");
    await editor.waitForTerminal("[['x = 1']]");
    await jobsAre(7);
    await send("Save and Send");
    await editor.waitForTerminal("seen = 42;");
    await jobsAre(8);
    assert.equal(await editor.page.locator(".tab.dirty").count(), 0);
  });

  it("is asked about where the job had an environment, whose values are kept nowhere", async () => {
    const file = join(fixture.workspaceFolder, "token.py");
    await writeFile(file, 'import os\nprint("a token of", len(os.environ.get("TOKEN", "")))\n');
    await fixture.hwledger("dispatch", file, "--host", "rtx-box", "--env", "TOKEN=4711");
    await jobsAre(9);
    await editor.openView("Jobs");
    await editor.waitForTree("Jobs", "its end", ([group, row]) => {
      return group?.label === "Done" && row?.label === "token.py" && row.description.includes("exit 0");
    });
    await editor.treeContextMenu("Jobs", "token.py", "Run Job Again");
    await editor.page.locator(".monaco-dialog-box:visible").waitFor();
    await picture("environment");
    await editor.pressDialogButton("TOKEN", "Cancel");
    await editor.page.waitForTimeout(quietMs);
    await jobsAre(9);
    await editor.treeContextMenu("Jobs", "token.py", "Run Job Again");
    await editor.pressDialogButton("TOKEN", "Run Without Them");
    await editor.waitForTerminal("a token of 0");
    await jobsAre(10);
  });

  it("is told of when it ends: by a task's terminal, and by a notice where a reload has taken that", async () => {
    const ends = async () =>
      (await editor.notifications()).filter(({ message }) => message.startsWith("count.py on"));
    const goes = (number: number) => `/tmp/go-${number}`;
    const run = async (number: number) => {
      await editor.openFile("count.py");
      await editor.runCommand("Tasks: Run Task");
      await editor.pickQuickInput(`counts ${number}`);
      await jobsAre(10 + number);
      await editor.waitForTree("Jobs", "that it runs", ([group, row]) => {
        return group?.label === "Running" && (row?.description ?? "").includes("running");
      });
    };
    const task = (number: number) => ({
      ...{ label: `counts ${number}`, type: "hwledger", script: "count.py", host: "rtx-box" },
      ...{ args: [goes(number)], problemMatcher: [] },
    });
    const tasks = JSON.stringify({ version: "2.0.0", tasks: [task(1), task(2)] });
    await writeFile(join(fixture.workspaceFolder, ".vscode", "tasks.json"), tasks);
    await run(1);
    await fixture.lab.host("rtx-box").run(["touch", goes(1)]);
    await editor.waitForTerminal("exit 0 after");
    await editor.waitForTree("Jobs", "its end", (rows) =>
      rows.some(({ label, description }) => label.startsWith("count.py") && description.includes("exit 0")),
    );
    await editor.page.waitForTimeout(quietMs);
    assert.deepEqual(await ends(), []);
    await run(2);
    await reloadWindow(editor);
    await fixture.lab.host("rtx-box").run(["touch", goes(2)]);
    await editor.waitForNotification("count.py on rtx-box: exit 0", 60_000);
    assert.equal((await ends()).length, 1);
  });
});
