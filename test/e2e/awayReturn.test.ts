import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Editor } from "../support/editor/editor.ts";
import { banner, extensionHostPid } from "./awayFixture.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { startJobsFixture } from "./jobsFixture.ts";

const view = "Hosts";
const hostNames = ["rtx-box", "spark"];
const asleepMs = 60_000;

describe("coming back, in the real editor", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let home = "";
  let stop = () => Promise.resolve();

  before(async () => {
    fixture = await startJobsFixture(hostNames);
    stop = () => fixture.stop();
    editor = fixture.editor;
    home = join(fixture.workspaceFolder, "..", "fleet");
    await editor.openView(view);
    await online();
  });
  after(() => stop());

  const online = () =>
    editor.waitForTree(view, "every host online", (items) => {
      const hosts = items.filter(({ level }) => level === 1);
      return hosts.length === 3 && hosts.every(({ description }) => description.startsWith("online"));
    });

  it("has every line of a job once, whether the service was away or the laptop asleep", async () => {
    const done = join(fixture.lab.host("rtx-box").home, "done");
    await editor.openFile("count.py");
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput("Arguments");
    await editor.typeInQuickInput(done, { prompt: "As in a shell" });
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("line ");
    await fixture.killService();
    await editor.waitForTerminal("lost contact with the service");
    await fixture.startServiceAgain();
    // Soon out of sight: all lines that were printed meanwhile follow at once.
    await editor.until("contact again", async () =>
      (await editor.terminalBuffer()).includes("connected again"),
    );
    await editor.openView(view);
    await online();

    const shown = (await editor.notifications()).length;
    const host = await extensionHostPid(join(home, "..", "person"));
    process.kill(host, "SIGSTOP");
    try {
      await delay(asleepMs / 2);
      const rtx = fixture.lab.host("rtx-box");
      rtx.gpuFiles.update(rtx.gpus[0]!.uuid, { "utilization.gpu": "77" });
      await rtx.run(["touch", done]);
      await delay(asleepMs / 2);
    } finally {
      process.kill(host, "SIGCONT");
    }
    await editor.waitForTree(view, "77%", (items) =>
      items.some(({ description }) => description.includes("77%")),
    );
    await online();
    await editor.waitForTerminal("exit 0 after");
    const text = await editor.terminalBuffer();
    const lines = [...text.matchAll(/^line (\d+)\.$/gm)].map(([, number]) => Number(number));
    const counted = Number(/^counted (\d+)\.$/m.exec(text)?.[1]);
    assert.deepEqual(
      lines,
      Array.from({ length: counted }, (_, number) => number),
    );
    assert.ok(counted > asleepMs / 2 / 250, `only ${counted} lines`);
    assert.equal(await banner(editor), "");
    assert.deepEqual((await editor.notifications()).slice(shown), []);
  });

  /** Waits until the hosts with a GPU are read that often, by name. */
  const cadencesAre = (wanted: Record<string, number>) =>
    editor.until(
      JSON.stringify(wanted),
      async () => {
        for (const [host, everyMs] of Object.entries(wanted)) {
          const { reading } = await fixture.client.call("getHost", { params: { host } });
          if (reading?.cadenceMs !== everyMs) return false;
        }
        return true;
      },
      60_000,
    );
  const cadenceIs = (ms: number) => cadencesAre(Object.fromEntries(hostNames.map((name) => [name, ms])));

  it("asks for nothing each second once it is hidden, and has panels behind another tab wait, too", async () => {
    await cadenceIs(1_000);
    await editor.runCommand("Open Host Panel");
    await editor.pickQuickInput("rtx-box");
    await editor.runCommand("View: Close Primary Side Bar");
    if (await editor.page.locator(".part.panel").isVisible()) await editor.runCommand("View: Hide Panel");
    await cadencesAre({ "rtx-box": 1_000, spark: 15_000 });
    await editor.openFile("README.md");
    await cadenceIs(15_000);
    await editor.page.getByRole("tab", { name: /^rtx-box/ }).click();
    await cadencesAre({ "rtx-box": 1_000, spark: 15_000 });
    await editor.runCommand("Open the Fleet Dashboard");
    await cadenceIs(1_000);
    await editor.page.getByRole("tab", { name: /^README/ }).click();
    await cadenceIs(15_000);
    await editor.openView(view);
    await cadenceIs(1_000);
  });

  it("reads no host each second that a filter keeps out of the tree, or that a folded group hides", async () => {
    await editor.runCommand("hwLedger: Filter the Hosts");
    await editor.typeInQuickInput("spark", { prompt: "Words that a host" });
    await cadencesAre({ "rtx-box": 15_000, spark: 1_000 });
    await editor.runCommand("hwLedger: Clear the Filter of the Hosts");
    await editor.runCommand("hwLedger: Group the Hosts");
    await editor.pickQuickInput("By Source");
    await cadenceIs(1_000);
    await editor.clickTreeItem(view, "By SSH");
    await cadenceIs(15_000);
    await editor.clickTreeItem(view, "By SSH");
    await cadenceIs(1_000);
  });
});
