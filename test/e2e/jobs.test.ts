import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import {
  clickTerminalLink,
  clickWhileRedrawn,
  jobTexts,
  longLine,
  moveUpTo,
  pressInEditor,
  reloadWindow,
  scripts,
  seeNewerFigures,
  startJobsFixture,
  terminalNames,
  typeInEditor,
  waitForJob,
} from "./jobsFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
const dispatchKey = "Control+Alt+g";
/** On the host: ends what counts there. */
const stopFile = "/tmp/stop counting";
const againKey = "Control+Alt+Shift+G";

describe("dispatching and jobs, in the real editor against real hosts", function () {
  this.timeout(180_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startJobsFixture(["rtx-box", "h100-node", "cpu-box"]);
    editor = fixture.editor;
    stop = () => fixture.stop();
  });
  after(() => stop());

  const picture = (name: string) => editor.screenshot(`${pictures}${name}.png`);

  async function closeTerminals(): Promise<void> {
    await editor.runCommand("Terminal: Kill All Terminals");
    await editor.until("no terminal", async () => (await editor.terminalText()) === "");
  }

  it("lets the arguments be edited in the list of hosts, by keyboard, and does not lose the list", async () => {
    await editor.openFile("args.py");
    await pressInEditor(editor, dispatchKey);
    const hosts = await editor.quickInputItems();
    assert.equal(hosts[0]?.label, "Arguments: none");
    const cpu = hosts.find(({ label }) => label === "cpu-box");
    assert.match(cpu?.description ?? "", /^online · no GPU · no rate set$/);
    assert.match(cpu?.detail ?? "", /^runs on the CPU · CPU load /);
    await seeNewerFigures(fixture, hosts);
    await picture("pick-host-dark");
    await moveUpTo(editor, "Arguments");
    await editor.page.keyboard.press("Enter");
    await editor.typeInQuickInput(`--name "first`, { prompt: "As in a shell" });
    await editor.until("what is wrong with the quotes", async () =>
      (await editor.page.locator(".quick-input-message").innerText()).includes("A quote is not closed"),
    );
    await picture("edit-arguments-dark");
    await editor.typeInQuickInput(`--epochs 3 --name 'first try'`, { prompt: "A quote is not closed" });
    const [args] = await editor.until("the list again", async () => {
      const items = await editor.quickInputItems();
      return items.length === hosts.length && items;
    });
    assert.equal(args?.label, "Arguments: --epochs 3 --name 'first try'");
    await picture("pick-host-arguments-dark");
    await editor.page.locator(".quick-input-titlebar .codicon-edit").click();
    await editor.until("the box for the arguments", async () =>
      (await editor.page.locator(".quick-input-widget").innerText()).includes("As in a shell"),
    );
    await editor.page.keyboard.press("Escape");
    assert.equal((await editor.quickInputItems())[0]?.label, args?.label);
    await editor.page.keyboard.press("Escape");
    assert.deepEqual(await jobTexts(fixture), []);
  });

  it("remembers the arguments of a file, and sends them as they were typed", async () => {
    await pressInEditor(editor, dispatchKey);
    const [args] = await editor.quickInputItems();
    assert.equal(args?.label, "Arguments: --epochs 3 --name 'first try'");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("arguments ['--epochs', '3', '--name', 'first try']");
    await editor.waitForTerminal("exit 0 after");
  });

  it("dispatches again by keyboard, from a file that was never dispatched after asking", async () => {
    await editor.openFile("lib/word.py");
    await pressInEditor(editor, againKey);
    await editor.pressDialogButton("Dispatch args.py to rtx-box again?", "Dispatch Again");
    const again = "args.py --epochs 3 --name first try on rtx-box";
    await editor.until("the second job", async () => (await jobTexts(fixture)).length === 2);
    assert.deepEqual(await jobTexts(fixture), [again, again]);
  });

  it("sends what is unsaved as it is seen, and leaves the files on disk as they were", async () => {
    await editor.openFile("lib/word.py");
    await typeInEditor(editor, "word = 'typed, not saved'");
    await editor.openFile("seen.py");
    await typeInEditor(editor, "from lib.word import word; print('from the editor:', word)");
    await pressInEditor(editor, dispatchKey);
    await editor.pickQuickInput("h100-node");
    await editor.waitForTerminal("from the editor: typed, not saved");
    for (const file of ["seen.py", "lib/word.py"] as const)
      assert.equal(await readFile(join(fixture.workspaceFolder, file), "utf8"), scripts[file]);
    assert.equal(await editor.page.locator(".tab.dirty").count(), 2);
  });

  it("sends a buffer that is in no file, under a name of its own, without asking for a place", async () => {
    await editor.runCommand("File: New Untitled Text File");
    await editor.runCommand("Change Language Mode");
    await editor.pickQuickInput("Python");
    await typeInEditor(editor, "print('from nowhere')");
    await pressInEditor(editor, dispatchKey);
    await editor.pickQuickInput("cpu-box");
    await editor.waitForTerminal("from nowhere");
    await editor.waitForTerminal("untitled-1.py → cpu-box");
    await waitForJob(fixture, "untitled-1.py", ({ state }) => state === "succeeded");
    await picture("untitled-dispatched-dark");
    await editor.runCommand("View: Revert and Close Editor");
    await editor.openFile("seen.py");
    await editor.runCommand("File: Revert File");
    await editor.openFile("lib/word.py");
    await editor.runCommand("File: Revert File");
  });

  it("leads from a traceback to the local line", async () => {
    await editor.openFile("fail.py");
    await pressInEditor(editor, dispatchKey);
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("ZeroDivisionError");
    await clickTerminalLink(editor, "lib/broken.py");
    await editor.page.locator(`.tab.active[aria-label^="broken.py"]`).waitFor();
    await editor.until("the line", async () => (await editor.statusBarText()).includes("Ln 3, Col 1"));
    await picture("traceback-link-dark");
  });

  it("has terminal, tree and log complete after a reload while a job runs, and tells of its end out of sight", async () => {
    await closeTerminals();
    await editor.openFile("count.py");
    await pressInEditor(editor, dispatchKey);
    await editor.pickQuickInput("Arguments");
    await editor.typeInQuickInput(`"${stopFile}"`, { prompt: "As in a shell" });
    await editor.pickQuickInput("h100-node");
    await editor.waitForTerminal("line ");
    await reloadWindow(editor);
    await editor.openView("Jobs");
    await editor.waitForTree("Jobs", "the running job", (items) =>
      items.some(
        ({ label, description }) => label === "count.py" && description.startsWith("h100-node · running"),
      ),
    );
    await editor.until("its terminal", async () => (await terminalNames(editor)).join().includes("count.py"));
    await picture("reloaded-while-running-dark");
    await editor.clickTreeItem("Jobs", "fail.py");
    await editor.waitForTerminal("exit 1 after");
    await clickWhileRedrawn(editor, "count.py");
    await editor.until("the log of the row", async () => /line \d+\./.test(await editor.terminalText()));
    await editor.clickTreeItem("Jobs", "fail.py");
    await editor.waitForTerminal("exit 1 after");
    await fixture.lab.host("h100-node").run(["touch", stopFile]);
    await waitForJob(fixture, "count.py", ({ logComplete }) => logComplete);
    await editor.waitForTree("Jobs", "its end", ([group, job]) => {
      return (
        group?.label === "Done" &&
        job?.label === "count.py" &&
        job.description.startsWith("h100-node · exit 0")
      );
    });
    const notice = "count.py on h100-node: exit 0 after";
    await editor.waitForNotification(notice);
    await editor.pressNotificationButton(notice, "Show Log");
    await editor.waitForTerminal("exit 0 after");
    const lines = (await editor.terminalBuffer()).split("\n");
    assert.match(lines[0] ?? "", /^— count\.py → h100-node —$/);
    const counted = Number(/^counted (\d+)\.$/.exec(lines.at(-2) ?? "")?.[1]);
    const numbered = Array.from({ length: counted }, (_, number) => `line ${number}.`);
    assert.deepEqual(lines.slice(3, -2), numbered);
    assert.match(lines.at(-1) ?? "", /^— exit 0 after/);
  });

  it("brings back terminals after a reload, none that was closed, and of a long log the last part to its end", async () => {
    await closeTerminals();
    await editor.openFile("long.py");
    await pressInEditor(editor, dispatchKey);
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("exit 0 after", 60_000);
    await editor.clickTreeItem("Jobs", "fail.py");
    await editor.waitForTerminal("exit 1 after");
    await editor.changeSettings({
      "hwledger.notifyWhenJobEnds": "always",
      "terminal.integrated.scrollback": 100_000,
    });
    await reloadWindow(editor);
    const names = await editor.until("both terminals", async () => {
      const shown = (await terminalNames(editor)).join();
      return shown.includes("fail.py") && shown.includes("long.py") && shown;
    });
    assert.ok(!names.includes("count.py"), names);
    await editor.openView("Jobs");
    await editor.clickTreeItem("Jobs", "fail.py");
    await editor.waitForTerminal("exit 1 after");
    await editor.clickTreeItem("Jobs", "long.py");
    await editor.waitForTerminal("exit 0 after", 60_000);
    const lines = (await editor.terminalBuffer()).split("\n");
    assert.match(lines[0] ?? "", /^— long\.py → rtx-box —$/);
    assert.equal(lines[2], "— the first 1.0 MiB of its log are not shown —");
    const last = Array.from({ length: 8 * 1_024 }, (_, number) => longLine(2 * 1_024 + number));
    assert.deepEqual(lines.slice(4, -1), last);
    assert.match(lines.at(-1) ?? "", /^— exit 0 after/);
  });

  it("runs a job again from the tree, with its arguments, and tells of its end as the setting wants it", async () => {
    const before = (await jobTexts(fixture)).length;
    await editor.treeContextMenu("Jobs", "count.py", "Run Job Again");
    await editor.until("one more job", async () => (await jobTexts(fixture)).length === before + 1);
    assert.equal((await jobTexts(fixture))[0], `count.py ${stopFile} on h100-node`);
    await editor.waitForNotification("count.py on h100-node: exit 0 after");
  });

  it("runs again what another program sent, by the file in the open folder, and says when it is not here", async () => {
    const file = join(fixture.workspaceFolder, "seen.py");
    await fixture.hwledger("dispatch", file, "--host", "cpu-box");
    // While rows come and go under a row, VS Code knows none of them for a moment: a command then asks which is meant.
    const atRest = (what: string, count: number) =>
      editor.waitForTree("Jobs", what, (items) => {
        const seen = items.filter(({ label }) => label === "seen.py");
        return seen.filter(({ description }) => description.startsWith("cpu-box · exit 0")).length === count;
      });
    await atRest("the job from elsewhere", 1);
    await editor.treeContextMenu("Jobs", "seen.py", "Run Job Again");
    await editor.waitForTerminal("from disk old");
    assert.equal((await jobTexts(fixture))[0], "seen.py on cpu-box");
    await atRest("its repetition", 2);
    await editor.runCommand("File: New Untitled Text File");
    await typeInEditor(editor, "another buffer of the same name");
    await editor.treeContextMenu("Jobs", "untitled-1.py", "Run Job Again");
    await editor.waitForNotification("untitled-1.py is not here.");
    await editor.runCommand("View: Revert and Close Editor");
  });

  it("runs as a task, which ends with the job's exit code", async () => {
    await editor.runCommand("Tasks: Run Task");
    await editor.pickQuickInput("arguments there");
    await editor.waitForTerminal("arguments ['a b']");
    await editor.waitForTerminal("exit 0 after");
    await editor.openFile("fail.py");
    await editor.runCommand("Tasks: Run Task");
    await editor.pickQuickInput("fails there");
    await editor.waitForTerminal("exit 1 after");
    await editor.waitForTerminal("terminated with exit code: 1");
    await picture("task-dark");
  });

  it("groups by host and by state", async () => {
    await editor.runCommand("Group Jobs by Host");
    await editor.waitForTree("Jobs", "the hosts", (rows) => {
      const groups = rows
        .filter(({ level }) => level === 1)
        .map(({ label, description }) => `${label}: ${description}`);
      return groups.join(", ") === "cpu-box: 3 done, h100-node: 4 done, rtx-box: 5 done";
    });
    await picture("jobs-by-host-dark");
    await editor.setTheme("Light Modern");
    await picture("jobs-by-host-light");
    await editor.runCommand("Group Jobs by State");
    await editor.waitForTree("Jobs", "the states", ([first]) => first?.label === "Done");
  });

  it("says why a host cannot take a job again, and offers the others", async () => {
    await editor.openFile("args.py");
    await pressInEditor(editor, dispatchKey);
    await editor.pickQuickInput("cpu-box");
    await editor.waitForTerminal("args.py → cpu-box");
    await editor.waitForTerminal("exit 0 after");
    await fixture.lab.host("cpu-box").stop();
    await editor.waitForTree("Hosts", "the host that is gone", (items) =>
      items.some(
        ({ label, description }) => label === "cpu-box" && description === "unreachable: connection refused",
      ),
    );
    await pressInEditor(editor, againKey);
    await editor.waitForNotification("cpu-box cannot take args.py: ");
    await picture("again-refused-light");
    await editor.pressNotificationButton("cpu-box cannot take args.py: ", "Choose Another Host");
    const gone = (await editor.quickInputItems()).find(({ label }) => label === "cpu-box");
    assert.equal(gone?.description, "unreachable · no rate set");
    assert.equal(gone.detail, "connection refused · no GPU when last seen");
    await picture("pick-host-unreachable-light");
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("args.py → rtx-box");
  });
});
