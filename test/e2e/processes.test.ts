import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { LabHost } from "../lab/labHost.ts";
import type { Editor } from "../support/editor/editor.ts";
import { hoverText, shownHover } from "./actionsFixture.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";
import { startJobsFixture, waitForJob } from "./jobsFixture.ts";

const view = "Hosts";
const pictures = fileURLToPath(new URL("../../test-results/", import.meta.url));

describe("processes on GPUs, in the real editor against real hosts", function () {
  this.timeout(180_000);
  let fixture: DispatchFixture;
  let editor: Editor;
  let stop = () => Promise.resolve();

  before(async () => {
    await mkdir(pictures, { recursive: true });
    fixture = await startJobsFixture(["rtx-box", "h100-node"]);
    editor = fixture.editor;
    stop = () => fixture.stop();
    await editor.openView(view);
  });
  after(() => stop());

  const lab = () => fixture.lab;
  const picture = (name: string) => editor.screenshot(`${pictures}processes-${name}.png`);

  it("shows the processes of a GPU that is unfolded, and everything about a GPU to who points at it", async () => {
    const host = lab().host("h100-node");
    const busy = host.gpus[0]!;
    const apps = await readFile(join(host.gpuFiles.dir, "apps.csv"), "utf8");
    const [, pid = "", usedMib = "", path = ""] =
      apps
        .split("\n")
        .find((row) => row.startsWith(busy.uuid))
        ?.split(", ") ?? [];
    const gib = (mib: number) => (mib / 1_024).toFixed(1);
    await editor.expandTreeItem(view, "h100-node");
    await editor.expandTreeItem(view, "GPU 0");
    const items = await editor.waitForTree(view, "its process", (rows) =>
      rows.some(({ level }) => level === 3),
    );
    const at = items.findIndex(({ label }) => label === "GPU 0");
    const process = {
      label: basename(path),
      description: `${gib(Number(usedMib))} GiB · pid ${pid}`,
      level: 3,
    };
    assert.deepEqual(items[at + 1], { ...process, expanded: null });
    assert.ok(items[at + 2]?.label.startsWith("GPU 1"), "more than its process");
    const row = editor.page.locator('.pane-body .monaco-list-row[aria-level="2"]', { hasText: "GPU 0" });
    await hoverText(editor, row.first(), "PCI address");
    const table = shownHover(editor).locator("table tr");
    const facts = (await table.allInnerTexts()).map((fact) => fact.replaceAll(/\s+/g, " ").trim());
    const { cells } = busy;
    assert.match(facts.at(-1) ?? "", /^Read at \d{1,2}:\d\d:\d\d/);
    assert.deepEqual(
      facts.slice(0, -1).filter((fact) => fact !== ""),
      [
        `In use ${path} (${pid}, ${gib(Number(usedMib))} GiB)`,
        `Utilisation ${busy.utilizationPct} %`,
        `Memory ${gib(busy.memoryUsedMib!)}/${gib(busy.memoryTotalMib!)} GiB`,
        `Temperature ${busy.temperatureC} °C`,
        `Power ${busy.powerW!.toFixed(1)} W`,
        `Power limit ${Number(cells["power.limit"]).toFixed(1)} W`,
        "Health sound, by its driver",
        `Driver ${cells["driver_version"]}`,
        `PCI address ${cells["pci.bus_id"]}`,
        `UUID ${busy.uuid}`,
      ],
    );
    const shown = shownHover(editor);
    assert.equal(await shown.locator("strong").first().innerText(), busy.name);
    assert.match(await shown.innerText(), / on h100-node/);
    await picture("of-a-gpu");
  });

  it("are told apart: which is of a job of ours, and whose the others are", async () => {
    const { client, workspaceFolder } = fixture;
    const host = lab().host("rtx-box");
    const job = await dispatchFile(client, { file: join(workspaceFolder, "wait.py"), host: "rtx-box" });
    const ours = await editor.until("the job's process", () => processOf(host, job.id));
    const begun = await host.run(["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"], { as: "root" });
    const stranger = Number(begun.stdout);
    const { uuid } = host.gpus[0]!;
    host.gpuFiles.setApps([
      { uuid, pid: ours.pid, usedMib: 2_048, processName: ours.program },
      { uuid, pid: stranger, usedMib: 1_024, processName: "sleep" },
    ]);
    await editor.expandTreeItem(view, "rtx-box");
    await editor.waitForTree(view, "the GPU in use", (rows) =>
      rows.some(({ expanded }, at) => rows[at - 1]?.label === "rtx-box" && expanded === false),
    );
    await editor.page.locator(".pane-body .monaco-list-row", { hasText: "4090" }).first().click();
    await editor.page.keyboard.press("ArrowRight");
    const wanted = [`2.0 GiB · job wait.py · pid ${ours.pid}`, `1.0 GiB · root · pid ${stranger}`];
    await editor.waitForTree(view, wanted.join(", "), (rows) =>
      wanted.every((text) => rows.some(({ description }) => description === text)),
    );
    const row = editor.page.locator(".pane-body .monaco-list-row", { hasText: `pid ${ours.pid}` }).first();
    const text = await hoverText(editor, row, "Since");
    for (const fact of [host.user, job.id, ours.program])
      assert.ok(text.includes(fact), `${fact} in ${text}`);
    await picture("of-a-job");
    await client.call("cancelJob", { params: { job: job.id } });
    await waitForJob(fixture, "wait.py", ({ state }) => state === "cancelled");
  });
});

/** The program that a job runs, by what its processes have in their environment; false before it runs. */
async function processOf(host: LabHost, jobId: string): Promise<{ pid: number; program: string } | false> {
  const look = `for process in /proc/[0-9]*; do
    tr '\\0' '\\n' <"$process/environ" 2>/dev/null | grep -qx "HWLEDGER_JOB_ID=$1" || continue
    printf '%s %s\\n' "\${process#/proc/}" "$(tr '\\0' '\\n' <"$process/cmdline" | head -n 1)"
  done`;
  const { stdout } = await host.run(["sh", "-c", look, "sh", jobId]);
  const found = /^(\d+) (\S*python[\d.]*)$/m.exec(stdout);
  return found !== null && { pid: Number(found[1]), program: found[2]! };
}
