import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { replaceMemberships, startEmptyHanded, type EmptyHanded } from "./emptyHandedFixture.ts";

const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("kept memberships that cannot be read, in the real editor", function () {
  this.timeout(240_000);
  let fixture: EmptyHanded;
  let editor: Editor;
  let service: ServiceProcess | undefined;

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startEmptyHanded(["rtx-box"]);
    editor = fixture.editor;
    service = await startServiceProcess(`${fixture.dir}/other`, { env: { HOME: fixture.dir } });
  });
  after(async () => {
    await service?.end("SIGTERM");
    await fixture.stop();
  });

  const welcome = () => editor.page.locator(".pane", { hasText: "Hosts" }).first().innerText();

  it("are told of, with the way to have a new one, and not taken for none", async () => {
    await replaceMemberships(fixture, "[{");
    await editor.openView("Hosts");
    await editor.until("what is told", async () => (await welcome()).includes("cannot be read"));
    assert.doesNotMatch(await welcome(), /Run Your Files|See which of your GPU machines/);
    await editor.screenshot(`${pictures}unreadable-dark.png`);
  });

  it("give way to a new one, which is there after a reload, too", async () => {
    await editor.page.getByRole("button", { name: "Join a Fleet" }).click();
    await editor.typeInQuickInput(service!.link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    const hosts = () => editor.waitForTree("Hosts", "the host", ([row]) => row?.level === 1);
    await hosts();
    await editor.reload();
    await editor.openView("Hosts");
    await hosts();
  });
});
