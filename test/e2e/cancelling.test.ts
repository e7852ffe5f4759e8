import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatJoinLink } from "../../protocol/joinLink.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { runningService } from "../../service/runningService.ts";
import type { Editor } from "../support/editor/editor.ts";
import { slowStarts, startEmptyHanded, type EmptyHanded } from "./emptyHandedFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
/** So much is sent for long enough to be looked at. */
const weightBytes = 200 * 1_048_576;

describe("long work that a person cancels, in the real editor", function () {
  this.timeout(240_000);
  let fixture: EmptyHanded;
  let editor: Editor;
  let silent: Server;
  const sockets = new Set<Socket>();
  let hurry = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startEmptyHanded(["rtx-box"]);
    editor = fixture.editor;
    hurry = await slowStarts(fixture);
    silent = createServer((socket) => sockets.add(socket.on("close", () => sockets.delete(socket)).resume()));
    await once(silent.listen(0, "127.0.0.1"), "listening");
  });
  after(async () => {
    silent.close();
    await fixture.stop();
  });

  const progress = (title: string) =>
    editor.page.locator(".notifications-toasts .notification-list-item", { hasText: title });
  async function cancel(title: string): Promise<void> {
    await editor.pressNotificationButton(title, "Cancel");
    await editor.until(`no more of “${title}”`, async () => (await progress(title).count()) === 0);
  }
  /** A link to something that takes every connection and says nothing. */
  const silentLink = () =>
    formatJoinLink({
      url: `https://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      token: "t".repeat(43),
      caFingerprint: "ab".repeat(32),
    });
  const knocked = () => editor.until("a knock", () => Promise.resolve(sockets.size > 0));
  const hungUp = () => editor.until("that it hung up", () => Promise.resolve(sockets.size === 0), 5_000);
  const problems = async () =>
    (await editor.notifications()).filter(({ severity }) => severity !== "info").map((one) => one.message);
  const isWelcome = async () =>
    editor.page.getByRole("button", { name: "Start a Fleet on This Machine" }).isVisible();

  it("gives up joining by a link that was typed, also once the box is gone", async () => {
    await editor.openView("Hosts");
    await editor.runCommand("hwLedger: Join a Fleet");
    await editor.typeInQuickInput(silentLink(), { prompt: "join link" });
    await knocked();
    await progress("Joining the fleet at").waitFor();
    await editor.screenshot(`${pictures}cancelling-join.png`);
    await editor.page.keyboard.press("Escape");
    await cancel("Joining the fleet at");
    await hungUp();
    assert.deepEqual(await problems(), []);
    assert.equal(await isWelcome(), true);
  });

  it("gives up joining by a link that was clicked", async () => {
    await editor.openUri(silentLink().replace("hwledger://", "code-oss://hwledger.hwledger-fleet/"));
    await editor.pressDialogButton("A link asks to join", "Join");
    await knocked();
    await cancel("Joining the fleet at");
    await hungUp();
    assert.deepEqual(await problems(), []);
    assert.equal(await isWelcome(), true);
  });

  it("gives up the start of the service, and starts it afterwards", async () => {
    const start = () => editor.page.getByRole("button", { name: "Start a Fleet on This Machine" }).click();
    await start();
    await progress("Starting the fleet's service").waitFor();
    await editor.screenshot(`${pictures}cancelling-start.png`);
    await cancel("Starting the fleet's service");
    assert.deepEqual([await isWelcome(), fixture.isServiceUp(), await problems()], [true, false, []]);
    await hurry();
    await start();
    await editor.waitForNotification("Joined the fleet at", 60_000);
  });

  it("gives up a verification, which is not verified then", async () => {
    const { pid } = (await runningService(homeLayout(fixture.home), 5_000))!;
    await editor.openView("Ledger");
    process.kill(pid, "SIGSTOP");
    try {
      await editor.runCommand("hwLedger: Verify the Ledger");
      await editor.waitForTree("Ledger", "that it goes on", ([row]) => row?.label === "Verifying…");
      await cancel("Verifying the ledger");
      await editor.waitForTree("Ledger", "no verdict", ([row]) => row?.label === "Not verified yet");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    assert.deepEqual(await problems(), []);
    await editor.runCommand("hwLedger: Verify the Ledger");
    await editor.waitForNotification("The ledger holds");
  });

  it("says how much of a large workspace is sent, and sends no more of it once cancelled", async () => {
    const handle = await open(join(fixture.dir, "experiments", "weights.bin"), "w");
    await handle.truncate(weightBytes);
    await handle.close();
    const { pid } = (await runningService(homeLayout(fixture.home), 5_000))!;
    await editor.openFile("hello.py");
    await editor.openView("Hosts");
    const [host] = await editor.waitForTree("Hosts", "the host online", ([row]) =>
      (row?.description ?? "").startsWith("online"),
    );
    await editor.runCommand("hwLedger: Dispatch to GPU host");
    await editor.pickQuickInput(host!.label);
    const sent = await editor.until("how much is sent", async () => {
      const texts = await progress("Sending hello.py to").allInnerTexts();
      return /([\d.]+) MiB of 200\.\d MiB/.exec(texts.join())?.[1];
    });
    process.kill(pid, "SIGSTOP");
    try {
      await editor.screenshot(`${pictures}cancelling-sending.png`);
      await cancel("Sending hello.py to");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    assert.ok(Number(sent) < 200, sent);
    await editor.openView("Jobs");
    const rows = await editor.waitForTree("Jobs", "its end", (items) =>
      items.some(({ label, description }) => label === "hello.py" && description.includes("cancelled")),
    );
    assert.ok(rows.length > 0);
    assert.deepEqual(await problems(), []);
  });
});
