import { join } from "node:path";
import Database from "better-sqlite3";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import { changeStore, startNewerService, waitForBanner } from "../e2e/awayFixture.ts";
import type { DispatchFixture } from "../e2e/dispatchFixture.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { startServiceProcess } from "../support/startServiceProcess.ts";
import type { Album } from "./createAlbum.ts";

const editorsCertificate = "sha256 = (SELECT sha256 FROM certificates ORDER BY rowid DESC LIMIT 1)";

/** Every way of being without the fleet, and a ledger that does not hold. */
export async function awayScreens(fixture: DispatchFixture, album: Album): Promise<void> {
  const { editor, home } = fixture;
  const { step, inEveryTheme } = album;
  const port = () => Number(new URL(fixture.service().url).port);
  await step("a log without contact", async () => {
    const { client, workspaceFolder } = fixture;
    await dispatchFile(client, { file: join(workspaceFolder, "wait.py"), host: "rtx-box" });
    await editor.openFile("wait.py");
    await editor.clickTreeItem("Jobs", "wait.py");
    await editor.waitForTerminal("waiting for the signal");
    await fixture.killService();
    await editor.waitForTerminal("lost contact");
  });
  await inEveryTheme("log-without-contact");
  await step("another service", async () => {
    const person = join(home, "..", "person");
    const other = await startServiceProcess(join(home, "..", "other"), {
      port: port(),
      env: { HOME: person },
    });
    try {
      await waitForBanner(editor, /not the service of your fleet/, 60_000);
      await inEveryTheme("away-other-service");
    } finally {
      await other.end("SIGTERM");
    }
  });
  await step("another version", async () => {
    const newer = await startNewerService(home, port());
    try {
      await editor.runCommand("Reconnect to the Fleet");
      await waitForBanner(editor, /speaks version 2/, 60_000);
      await inEveryTheme("away-versions");
    } finally {
      await newer.stop();
    }
  });
  await step("a wrong clock", async () => {
    const ahead = await startNewerService(home, port(), 100 * 86_400_000);
    try {
      await editor.runCommand("Reconnect to the Fleet");
      await waitForBanner(editor, /a clock is wrong/, 60_000);
      await inEveryTheme("away-clock");
    } finally {
      await ahead.stop();
    }
  });
  await step("a membership that was withdrawn", async () => {
    changeStore(home, `UPDATE certificates SET revoked_at_ms = 1 WHERE ${editorsCertificate}`);
    await fixture.startServiceAgain();
    await editor.runCommand("Reconnect to the Fleet");
    await waitForBanner(editor, /membership of this fleet was withdrawn/, 60_000);
  });
  await inEveryTheme("away-withdrawn");
  await step("a membership that has run out", async () => {
    changeStore(
      home,
      `UPDATE certificates SET not_after_ms = 1, revoked_at_ms = NULL WHERE ${editorsCertificate}`,
    );
    await editor.runCommand("Reconnect to the Fleet");
    await waitForBanner(editor, /has run out/, 60_000);
  });
  await inEveryTheme("away-expired");
  await step("a ledger that does not hold", async () => {
    changeStore(home, `UPDATE certificates SET not_after_ms = 99999999999999 WHERE ${editorsCertificate}`);
    spoilLedger(home);
    await editor.runCommand("Reconnect to the Fleet");
    await waitForBanner(editor, /^$/, 60_000);
    await editor.openView("Ledger");
    await editor.runCommand("hwLedger: Verify the Ledger");
    await editor.waitForNotification("The ledger is broken");
    await editor.runCommand("Focus on Ledger View");
    await editor.page.keyboard.press("Home"); // reading the rows has scrolled
  });
  await inEveryTheme("ledger-broken");
}

/** Changes an event as somebody with the database could. */
function spoilLedger(home: string): void {
  const db = new Database(homeLayout(home).database, { timeout: 5_000 });
  db.exec("DROP TRIGGER events_no_update; UPDATE events SET actor = 'user/mallory' WHERE seq = 3;");
  db.close();
}
