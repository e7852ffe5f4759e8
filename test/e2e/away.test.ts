import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { startServiceProcess } from "../support/startServiceProcess.ts";
import { banner, changeStore, recordBanners, startNewerService, waitForBanner } from "./awayFixture.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { startJobsFixture } from "./jobsFixture.ts";

const view = "Hosts";
const hostNames = ["rtx-box", "spark"];
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
/** The certificate of the editor that joined last; the owner's is older. */
const newestCertificate = "rowid = (SELECT max(rowid) FROM certificates)";

/** What is said of a service that is gone for a moment, in one view alone. */
const oneBanner = /^Not connected: https:\S+ does not answer: [^|]* Trying again by itself\. [^|]*$/;

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

  const clickStatusBar = () =>
    editor.page.locator(".statusbar-item", { hasText: "hwLedger: not connected" }).click();

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

  async function joinAgain(ask: () => Promise<void> = clickStatusBar): Promise<void> {
    await ask();
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await online();
    assert.equal(await banner(editor), "");
  }

  it("says once that the service is away while it restarts, in one place, and nothing pops up", async () => {
    for (const title of ["Jobs", "Ledger", view]) await editor.openView(title);
    const banners = await recordBanners(editor);
    const told = await editor.notifications();
    await fixture.service().end("SIGTERM");
    await waitForBanner(editor, /^Not connected: /);
    await hostRows("what was last known", "seen ");
    await fixture.startServiceAgain();
    await online();
    await editor.until("no banner", async () => (await banner(editor)) === "");
    const texts = await banners();
    assert.ok(texts.length > 0);
    for (const text of texts) assert.match(text, oneBanner);
    assert.deepEqual(await editor.notifications(), told);
  });

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
      // Who dispatches is told the same as above the hosts.
      await editor.openFile("args.py");
      await editor.runCommand("hwLedger: Dispatch to GPU host");
      await editor.waitForNotification("Not connected: what answers at");
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

  it("says that the membership has run out, and offers to ask to come back or to join again", async () => {
    const shown = (await editor.notifications()).length;
    await fixture.killService();
    changeStore(home, `UPDATE certificates SET not_after_ms = 1 WHERE ${newestCertificate}`);
    await fixture.startServiceAgain();
    await isCalm(/membership of this fleet has run out.*Join a Fleet/, shown);
    await picture("away-expired-dark");
    await editor.setTheme("Light Modern");
    await picture("away-expired-light");
    await editor.setTheme("Dark Modern");
    await joinAgain(() => editor.runCommand("Join a Fleet"));
  });

  it("says that a clock is wrong where the service's certificate is of another time", async () => {
    const shown = (await editor.notifications()).length;
    await fixture.killService();
    const ahead = await startNewerService(home, port, 100 * 86_400_000);
    try {
      await isCalm(/does not fit today's date: a clock is wrong, here or there\. Set it right/, shown);
    } finally {
      await ahead.stop();
    }
    await fixture.startServiceAgain();
    await editor.runCommand("Reconnect to the Fleet");
    await online();
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
});
