import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import { anAgentHost, type AgentHost } from "../support/startAgentHost.ts";
import { hoverText } from "./actionsFixture.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { startJobsFixture, waitForJob } from "./jobsFixture.ts";

const view = "Hosts";
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("hosts with agents, in the real editor", function () {
  this.timeout(180_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  const agents: AgentHost[] = [];

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startJobsFixture(["rtx-box"]);
    editor = fixture.editor;
    for (const [name, gpus] of [
      ["nat-box", "h100-node"],
      ["attic", "t4-busybox"],
    ] as const) {
      const { client } = fixture;
      await client.call("addHost", { body: { name, agent: true } });
      const { link } = await client.call("createToken", { body: { role: "agent", host: name } });
      const agent = anAgentHost(gpus);
      agents.push(agent);
      assert.equal((await agent.command(["join"], `${link}\n`)).code, 0);
    }
    await editor.openView(view);
  });
  after(async () => {
    for (const agent of agents) await agent.remove();
    await fixture.stop();
  });

  const picture = (name: string) => editor.screenshot(`${pictures}agents-${name}.png`);
  const isShown = (name: string, how: RegExp) =>
    editor.waitForTree(view, `${name} ${how.source}`, (rows) =>
      rows.some(({ label, description }) => label === name && how.test(description)),
    );

  it("are shown as not seen yet until they come, and live from then on", async () => {
    await isShown("nat-box", /not seen yet/);
    for (const agent of agents) await agent.run();
    await isShown("nat-box", /^online/);
    await isShown("attic", /^online/);
    await editor.expandTreeItem(view, "nat-box");
    const [busy] = agents[0]!.gpuFiles.read();
    agents[0]!.gpuFiles.update(busy?.uuid ?? "", { "utilization.gpu": "37" });
    await editor.waitForTree(view, "the changed figure", (rows) =>
      rows.some(({ label, description }) => label === "GPU 0" && description.includes("37")),
    );
    const row = editor.page.locator('.pane-body .monaco-list-row[aria-level="1"]', { hasText: "nat-box" });
    const told = await hoverText(editor, row.first(), "Reached");
    assert.match(told.replaceAll(/\s+/g, " "), /Reached by its agent only.*Agent 0\.1\.0, connected since/);
    await picture("tree");
  });

  it("run what is dispatched to them, as hosts that SSH reaches do", async () => {
    await editor.explorerContextMenu("args.py", "Dispatch to GPU host");
    await editor.pickQuickInput("nat-box");
    const job = await waitForJob(fixture, "args.py", ({ state }) => state === "succeeded");
    assert.equal(job.exitCode, 0);
  });

  it("are told of in their panel", async () => {
    await editor.runCommand("Open Host Panel");
    await editor.pickQuickInput("nat-box");
    const page = await findWebview(editor, "nat-box's panel", (it) => it.startsWith("nat-box"));
    const text = async () => (await page.locator("main#page").innerText()).replaceAll(/\s+/g, " ");
    await editor.until("who reads it", async () => (await text()).includes("Agent 0.1.0, connected"));
    assert.match(await text(), /Address by its agent only/);
    await picture("panel");
    await editor.runCommand("View: Close Editor");
  });

  it("are lost with their agents, and regained", async () => {
    await editor.openView(view);
    await editor.expandTreeItem(view, "attic"); // and so it is read each second
    await agents[1]!.end("SIGKILL");
    await isShown("attic", /late|offline/);
    await picture("lost");
    await isShown("nat-box", /^online/);
    await agents[1]!.run();
    await isShown("attic", /^online/);
  });

  it("come to be by a click where SSH leads", async () => {
    await editor.treeContextMenu(view, "rtx-box", "Install Agent on Host…");
    await picture("install");
    await editor.pressDialogButton("Install the agent on rtx-box?", "Install");
    await editor.waitForNotification("The agent runs on rtx-box.");
    const record = await fixture.client.call("getHost", { params: { host: "rtx-box" } });
    assert.equal(record.agent?.platform, "linux");
    await isShown("rtx-box", /^online/);
  });
});
