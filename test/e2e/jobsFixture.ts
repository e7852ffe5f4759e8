import assert from "node:assert/strict";
import type { JobRecord } from "../../protocol/job.ts";
import type { Editor } from "../support/editor/editor.ts";
import { stepLimitMs } from "../support/editor/screen.ts";
import type { QuickInputItem } from "../support/editor/quickInput.ts";
import { startDispatchFixture, type DispatchFixture } from "./dispatchFixture.ts";

/** Scripts that show what arrived, and how. */
export const scripts = {
  "args.py": "import sys\nprint('arguments', sys.argv[1:])\n",
  /** Counts five a second until the file it is given is there. */
  "count.py": `import os, sys, time
number = 0
while not os.path.exists(sys.argv[1]):
    print(f"line {number}.", flush=True)
    number += 1
    time.sleep(0.2)
print(f"counted {number}.")
`,
  /** Five mebibytes: as many lines of 512 bytes as `longLine` tells. */
  "long.py": `for number in range(10 * 1024):
    print(f"{number:05d} ".ljust(511, "."))
`,
  "seen.py": "from lib.word import word\nprint('from disk', word)\n",
  "lib/word.py": "word = 'old'\n",
  "fail.py": "from lib.broken import divide\n\ndivide(1)\n",
  "lib/broken.py": "# Divides by nothing.\ndef divide(number):\n    return number / 0\n",
  ".vscode/tasks.json": JSON.stringify({
    version: "2.0.0",
    tasks: [
      { label: "arguments there", type: "hwledger", script: "args.py", host: "h100-node", args: ["a b"] },
      { label: "fails there", type: "hwledger", script: "${file}", host: "rtx-box" },
    ].map((task) => ({ ...task, problemMatcher: [] })),
  }),
} as const;

/** A line of what `long.py` prints. */
export function longLine(number: number): string {
  return `${String(number).padStart(5, "0")} `.padEnd(511, ".");
}

/** An editor that has joined a fleet of those hosts, with the scripts in its folder and nothing saved by itself. */
export async function startJobsFixture(hostNames: readonly string[]): Promise<DispatchFixture> {
  const settings = { "files.autoSave": "off", "editor.acceptSuggestionOnEnter": "off" };
  const fixture = await startDispatchFixture(hostNames, { files: scripts, settings });
  try {
    const { editor } = fixture;
    await editor.runCommand("Join a Fleet");
    await editor.typeInQuickInput(fixture.service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    await editor.openView("Jobs");
    return fixture;
  } catch (error) {
    await fixture.stop();
    throw error;
  }
}

/** Presses a key in the active text editor, as a person does who writes there. */
export async function pressInEditor({ page, until }: Editor, key: string): Promise<void> {
  const text = page.locator(".editor-group-container.active .monaco-editor").first();
  await until(`the key ${key} in the editor`, async () => {
    await text.locator(".view-lines").first().click({ timeout: stepLimitMs });
    if (!(await text.evaluate((element) => element.classList.contains("focused")))) return false;
    await page.keyboard.press(key);
    return true;
  });
}

/** Moves up in the open list to the row that begins so; rows that are drawn anew meanwhile may take the focus back. */
export async function moveUpTo({ page, until }: Editor, label: string): Promise<void> {
  const focused = page.locator(".quick-input-list .monaco-list-row.focused");
  await until(`the focus on “${label}”`, async () => {
    if ((await focused.innerText({ timeout: stepLimitMs })).trim().startsWith(label)) return true;
    await page.keyboard.press("ArrowUp");
    return false;
  });
}

/** Replaces all text of the active editor, without saving it. */
export async function typeInEditor(editor: Editor, text: string): Promise<void> {
  await pressInEditor(editor, "Control+A");
  await editor.page.keyboard.insertText(text);
}

/** The newest jobs first, each as its script, arguments and host. */
export async function jobTexts({ client }: DispatchFixture): Promise<string[]> {
  const { jobs } = await client.call("listJobs");
  return jobs.map(({ script, args, host }) => [script, ...args].join(" ") + ` on ${host}`);
}

/** Waits until the newest job of a script satisfies the condition. */
export function waitForJob(
  { client, editor }: DispatchFixture,
  script: string,
  fits: (job: JobRecord) => boolean,
  limitMs?: number,
): Promise<JobRecord> {
  const newest = async () => {
    const { jobs } = await client.call("listJobs");
    const job = jobs.find((one) => one.script === script);
    return job !== undefined && fits(job) && job;
  };
  return editor.until(`the job of ${script}`, newest, limitMs);
}

/** Reloads the window as a person does; unlike loading the page again, what the window keeps is written first. */
export async function reloadWindow({ page, until }: Editor): Promise<void> {
  const title = "Developer: Reload Window";
  const command = page.locator(".quick-input-list .monaco-list-row.focused", { hasText: title });
  await until(`the command "${title}" in the palette`, async () => {
    await page.keyboard.press("F1");
    const input = page.locator(".quick-input-widget:visible .quick-input-filter input");
    await input.fill(`>${title}`, { timeout: stepLimitMs });
    await command.waitFor({ timeout: stepLimitMs });
    return true;
  });
  // By key: a click would wait for the page it leads to, time out and be tried again.
  const loaded = page.waitForEvent("load");
  await page.keyboard.press("Enter");
  await loaded;
  const usable = page.locator('.statusbar-item[id="status.problems"]');
  await until("a usable workbench", () => usable.isVisible(), 90_000);
}

/** The names of the open terminals, as the list beside them or the one name above shows them. */
export function terminalNames({ page }: Editor): Promise<string[]> {
  return page.locator(".terminal-tabs-entry:visible, .single-terminal-tab:visible").allInnerTexts();
}

/** Changes the load of rtx-box, and waits until the open list of hosts shows it and cpu-box's, every host in its place. */
export async function seeNewerFigures(
  { editor, lab }: DispatchFixture,
  before: readonly QuickInputItem[],
): Promise<void> {
  const { gpuFiles, gpus } = lab.host("rtx-box");
  gpuFiles.update(gpus[0]!.uuid, { "utilization.gpu": "63" });
  await editor.until("newer figures in the open list", async () => {
    const items = await editor.quickInputItems();
    const detailOf = (name: string) => items.find(({ label }) => label === name)?.detail ?? "";
    assert.deepEqual(
      items.map(({ label }) => label),
      before.map(({ label }) => label),
    );
    return /CPU load \d+ %$/.test(detailOf("cpu-box")) && /GPU load 63 %$/.test(detailOf("rtx-box"));
  });
}

/**
 * Clicks a row of a tree in a page that has had no time for the extension's messages: the extension has redrawn
 * the row since, and the click is on what VS Code has still to fetch anew.
 */
export async function clickWhileRedrawn({ page, until }: Editor, label: string): Promise<void> {
  const row = page.locator(".pane-body .monaco-list-row", { hasText: label }).first();
  const text = () => row.innerText();
  const before = await text();
  await row
    .locator(".label-name")
    .first()
    .evaluate((element, busyMs) => {
      const endAt = performance.now() + busyMs;
      while (performance.now() < endAt);
      for (const type of ["mousedown", "mouseup", "click"])
        element.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, detail: 1 }));
    }, 11_000); // an age in a row changes every 10 s
  await until("the row drawn anew", async () => (await text()) !== before);
}

/** Holds Ctrl and clicks a text in the active terminal, as one follows a link there. */
export async function clickTerminalLink({ page, until }: Editor, text: string): Promise<void> {
  const row = page.locator(".terminal-wrapper.active .xterm-rows > div", { hasText: text }).first();
  const link = page.locator(".terminal-wrapper.active .xterm-cursor-pointer");
  await until(`the link "${text}" in the terminal`, async () => {
    const place = await row.evaluate((element, wanted) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      const { left, top, width, height } = range.getBoundingClientRect();
      const shown = element.textContent;
      const cell = shown.replaceAll("\u00a0", " ").indexOf(wanted) + wanted.length / 2;
      return { x: left + (width / shown.length) * cell, y: top + height / 2 };
    }, text);
    await page.mouse.move(place.x, place.y);
    await page.keyboard.down("Control");
    try {
      if (!(await link.isVisible())) return false;
      await page.mouse.click(place.x, place.y);
      return true;
    } finally {
      await page.keyboard.up("Control");
    }
  });
}
