import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { startServiceProcess } from "../support/startServiceProcess.ts";
import { banner, changeStore, extensionHostPid, startNewerService, waitForBanner } from "./awayFixture.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { startJobsFixture } from "./jobsFixture.ts";

const view = "Hosts";
const hostNames = ["rtx-box", "spark"];
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
const asleepMs = 60_000;
/** The certificate of the editor that joined last; the owner's is older. */
const newestCertificate = "rowid = (SELECT max(rowid) FROM certificates)";

describe("being away, in the real editor", function () {
  this.timeout(240_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let home = "";
  let port = 0;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startJobsFixture(hostNames);
    stop = () => fixture.stop();
    editor = fixture.editor;
    home = join(fixture.workspaceFolder, "..", "fleet");
    port = Number(new URL(fixture.service().url).port);
    await editor.openView(view);
    await online();
  });
  after(() => stop());

  const picture = (name: string) => editor.screenshot(`${pictures}${name}.png`);
  const hostRows = (what: string, start: string) =>
    editor.waitForTree(view, what, (items) => {
      const hosts = items.filter(({ level }) => level === 1);
      return hosts.length === 3 && hosts.every(({ description }) => description.startsWith(start));
    });
  const online = () => hostRows("every host online", "online");

  /** One banner, the last known hosts with their age, and nothing that popped up. */
  async function isCalm(words: RegExp, shownBefore: number): Promise<void> {
    const text = await waitForBanner(editor, words, 60_000);
    assert.ok(!/hwledger [a-z]/.test(text), text);
    const rows = await hostRows("what was last known", "seen ");
    assert.ok(
      rows.some(({ level }) => level === 2),
      "the last known GPUs are gone",
    );
    assert.equal((await editor.notifications()).length, shownBefore);
  }

  async function joinAgain(): Promise<void> {
    await editor.page.locator(".statusbar-item", { hasText: "hwLedger: not connected" }).click();
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await online();
    assert.equal(await banner(editor), "");
  }

  it("says that another service answers at the fleet's address, and reconnects when the right one is back", async () => {
    const shown = (await editor.notifications()).length;
    await fixture.killService();
    const other = await startServiceProcess(join(home, "..", "other"), {
      port,
      env: { HOME: join(home, "..", "person") },
    });
    try {
      await isCalm(/not the service of your fleet/, shown);
      await picture("away-other-service-dark");
    } finally {
      await other.end("SIGTERM");
    }
    await fixture.startServiceAgain();
    await editor.runCommand("Reconnect to the Fleet");
    await online();
    assert.equal(await banner(editor), "");
  });

  it("says that the membership was withdrawn while it was connected, and offers joining again", async () => {
    const shown = (await editor.notifications()).length;
    changeStore(home, `UPDATE certificates SET revoked_at_ms = 1 WHERE ${newestCertificate}`);
    await isCalm(/no longer accepts your membership.*Join a Fleet/, shown);
    await joinAgain();
  });

  it("says that the membership has run out, and offers joining again", async () => {
    const shown = (await editor.notifications()).length;
    await fixture.killService();
    changeStore(home, `UPDATE certificates SET not_after_ms = 1 WHERE ${newestCertificate}`);
    await fixture.startServiceAgain();
    await isCalm(/membership of this fleet has run out.*Join a Fleet/, shown);
    await picture("away-expired-dark");
    await editor.setTheme("Light Modern");
    await picture("away-expired-light");
    await editor.setTheme("Dark Modern");
    await joinAgain();
  });

  it("names both versions when they do not fit, and says which side to update", async () => {
    const shown = (await editor.notifications()).length;
    await fixture.killService();
    const newer = await startNewerService(home, port);
    try {
      await isCalm(/service speaks version 2 .* extension version 1\. Update the extension/, shown);
      await picture("away-versions-dark");
    } finally {
      await newer.stop();
    }
    await fixture.startServiceAgain();
    await editor.page.locator(".statusbar-item", { hasText: "hwLedger: not connected" }).click();
    await online();
  });

  it("has every line of a job once, whether the service was away or the laptop asleep", async () => {
    const done = join(fixture.lab.host("rtx-box").home, "done");
    await editor.openFile("count.py");
    await editor.runCommand("Dispatch to GPU host");
    await editor.pickQuickInput("Arguments");
    await editor.typeInQuickInput(done, { prompt: "As in a shell" });
    await editor.pickQuickInput("rtx-box");
    await editor.waitForTerminal("line 3.");
    await fixture.killService();
    await editor.waitForTerminal("lost contact with the service");
    await fixture.startServiceAgain();
    await editor.waitForTerminal("connected again");
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
    await editor.waitForTree(view, "77 %", (items) =>
      items.some(({ description }) => description.includes("77 %")),
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
    assert.ok((await editor.notifications()).length <= shown + 1);
  });

  it("asks for nothing each second once it is hidden", async () => {
    const cadenceMs = async () => {
      const { hosts } = await fixture.client.call("listHosts");
      return Promise.all(
        hosts
          .filter(({ name }) => hostNames.includes(name))
          .map(
            async ({ id }) =>
              (await fixture.client.call("getHost", { params: { host: id } })).reading?.cadenceMs,
          ),
      );
    };
    const cadencesAre = (ms: number) =>
      editor.until(`${ms} ms`, async () => (await cadenceMs()).every((one) => one === ms), 60_000);
    await cadencesAre(1_000);
    await editor.runCommand("View: Close Primary Side Bar");
    await editor.runCommand("View: Hide Panel");
    await cadencesAre(15_000);
    await editor.openView(view);
    await cadencesAre(1_000);
  });
});
