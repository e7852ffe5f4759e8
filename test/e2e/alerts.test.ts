import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));
/** A host is told of when it has been away for 15 s, and not within the pause of the last time. */
const limitMs = 90_000;

describe("alerts, in the real editor against real hosts", function () {
  this.timeout(300_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    const settings = {
      "hwledger.alerts.enabled": true,
      "hwledger.alerts.temperatureSeconds": 20,
      "hwledger.alerts.pauseSeconds": 20,
    };
    fixture = await startDispatchFixture(["rtx-box", "h100-node", "cpu-box"], { settings });
    editor = fixture.editor;
    stop = () => fixture.stop();
    await editor.runCommand("Join a Fleet");
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    await editor.openView("Hosts");
    await editor.waitForTree("Hosts", "every host online", (rows) =>
      ["rtx-box", "h100-node", "cpu-box"].every((name) =>
        rows.some(({ label, description }) => label === name && !/not seen|unreachable/.test(description)),
      ),
    );
  });
  after(() => stop());

  const picture = (name: string) => editor.screenshot(`${pictures}alerts-${name}.png`);
  const messages = async () => (await editor.notifications()).map(({ message }) => message);
  const alerts = async () => (await messages()).filter((message) => /lost|back|hot|fault|GPUs/.test(message));

  it("say nothing of what was so before, and tell of a GPU that stays too hot", async () => {
    const { gpuFiles, gpus } = fixture.lab.host("rtx-box");
    assert.deepEqual(await alerts(), []);
    gpuFiles.update(gpus[0]!.uuid, { "temperature.gpu": "97" });
    const told = await editor.waitForNotification("rtx-box is too hot", limitMs);
    assert.deepEqual(told, {
      severity: "warning",
      message: "rtx-box is too hot: GPU 0 (RTX 4090) is at 97 °C.",
    });
    await picture("hot");
  });

  it("lead to their settings", async () => {
    await editor.pressNotificationButton("rtx-box is too hot", "Settings…");
    const shown = editor.page.locator(".settings-editor");
    await editor.until("the settings of alerts", async () =>
      /Alerts: Host Lost[^]*Alerts: Pause Seconds/.test(await shown.innerText()),
    );
    await picture("settings");
  });

  it("tell of a host that was lost, which can be muted there", async () => {
    await fixture.lab.host("cpu-box").stop();
    const told = await editor.waitForNotification("cpu-box was lost", limitMs);
    assert.deepEqual(told, { severity: "warning", message: "cpu-box was lost: connection refused." });
    await picture("lost");
    await editor.pressNotificationButton("cpu-box was lost", "Mute This Host for Today");
    await editor.waitForNotification("cpu-box is muted for today.");
  });

  it("tell of a host's return, and of a muted one's not; nothing is told twice", async () => {
    await fixture.lab.host("h100-node").stop();
    await editor.waitForNotification("h100-node was lost", limitMs);
    await fixture.lab.host("cpu-box").start();
    await fixture.lab.host("h100-node").start();
    const told = await editor.waitForNotification("h100-node is back", limitMs);
    assert.deepEqual(told, { severity: "info", message: "h100-node is back." });
    await picture("back");
    const all = await alerts();
    assert.equal(new Set(all).size, all.length, all.join("\n"));
    assert.ok(!all.some((message) => message.includes("cpu-box is back")), all.join("\n"));
  });

  it("open the host that they are about", async () => {
    const { gpuFiles, gpus } = fixture.lab.host("h100-node");
    gpuFiles.update(gpus[3]!.uuid, { "temperature.gpu": "93" });
    await editor.waitForNotification("GPU 3 (H100", limitMs);
    await editor.pressNotificationButton("h100-node is too hot", "Show Host");
    await editor.until("the panel of the host", async () =>
      (await editor.page.locator(".tab.active").allInnerTexts()).some((text) => text.includes("h100-node")),
    );
  });

  it("say nothing while the service is away, nor of its return", async () => {
    const before = await alerts();
    const { gpuFiles, gpus } = fixture.lab.host("h100-node");
    await fixture.killService();
    await editor.until("the loss of contact", async () =>
      (await editor.page.locator(".statusbar").innerText()).includes("not connected"),
    );
    await fixture.startServiceAgain();
    gpuFiles.update(gpus[4]!.uuid, { "temperature.gpu": "98" });
    await editor.waitForNotification("at 98 °C", limitMs); // later than a host would be told of
    assert.deepEqual((await alerts()).slice(0, -1), before);
  });

  it("are in one of two windows", async () => {
    const [rtx, h100] = [fixture.lab.host("rtx-box"), fixture.lab.host("h100-node")];
    const heat = (gpu: number, celsius: string) =>
      h100.gpuFiles.update(h100.gpus[gpu]!.uuid, { "temperature.gpu": celsius });
    rtx.gpuFiles.update(rtx.gpus[0]!.uuid, { "temperature.gpu": "50" });
    heat(3, "50");
    heat(4, "50");
    const second = await editor.openWindow();
    await second.openView("Hosts");
    await second.waitForTree("Hosts", "the host", (rows) =>
      rows.some(({ label, description }) => label === "h100-node" && description.startsWith("online")),
    );
    const toldOf = async (gpu: number) => {
      const all = await Promise.all([editor.notifications(), second.notifications()]);
      return all.flat().filter(({ message }) => message.includes(`GPU ${gpu} (H100`)).length;
    };
    heat(5, "94");
    await editor.until("GPU 5", async () => (await toldOf(5)) > 0, limitMs);
    heat(6, "94"); // after the pause
    await editor.until("GPU 6", async () => (await toldOf(6)) > 0, limitMs);
    assert.equal(await toldOf(5), 1);
    await second.stop();
  });
});
