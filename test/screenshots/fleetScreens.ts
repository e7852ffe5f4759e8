import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { runningService } from "../../service/runningService.ts";
import type { DispatchFixture } from "../e2e/dispatchFixture.ts";
import { waitUntilKept } from "../e2e/membersFixture.ts";
import type { Editor } from "../support/editor/editor.ts";
import { findWebview } from "../support/editor/webviews.ts";
import type { Album } from "./createAlbum.ts";
import { createOpenings } from "./openings.ts";
import { awayScreens } from "./awayScreens.ts";
import { openedScreens, toldScreens } from "./openedScreens.ts";
import { viewScreens } from "./viewScreens.ts";

/** A member of a fleet with hosts of every kind: views, panels and lists, full, then stale, then with errors. */
export async function fleetScreens(fixture: DispatchFixture, album: Album): Promise<void> {
  const { step } = album;
  await step("no fleet", async () => {
    await fixture.editor.openView("Hosts");
    await fixture.editor.runCommand("Open the Fleet Dashboard");
    await page(fixture, "Fleet");
  });
  await album.inEveryTheme("no-fleet");
  await album.opened({ "input-join": createOpenings(fixture.editor).input("Join a Fleet") });
  await step("join", () => joinFleet(fixture));
  await album.inEveryTheme("jobs-empty-and-dashboard");
  await step("some jobs", () => someJobs(fixture));
  await step("the Ledger view", () => fixture.editor.openView("Ledger"));
  await album.inEveryTheme("dashboard");
  await step("a host's panel", () => openPanel(fixture, "rtx-box"));
  await album.inEveryTheme("host");
  await step("a paused panel", async () => {
    await (await page(fixture, "rtx-box")).getByRole("button", { name: "Pause" }).click();
  });
  await album.inEveryTheme("host-paused");
  for (const name of ["h100-node", "stale-a10", "cpu-box"]) {
    await step(`the panel of ${name}`, () => openPanel(fixture, name));
    await album.inEveryTheme(`host-${name}`);
  }
  await openedScreens(fixture, album);
  await step("a panel with minutes behind it", async () => {
    await openPanel(fixture, "rtx-box");
    await (await page(fixture, "rtx-box")).getByRole("button", { name: "Resume" }).click();
  });
  await album.inEveryTheme("host-minutes");
  await step("a job's log", async () => {
    await fixture.editor.openFile("train it.py");
    await fixture.editor.clickTreeItem("Jobs", "train it.py");
    await fixture.editor.waitForTerminal("exit 3 after");
  });
  await album.inEveryTheme("jobs-and-log");
  await toldScreens(fixture, album);
  await loadingScreens(fixture, album);
  await brokenScreens(fixture, album);
  await viewScreens(fixture, album);
  await awayScreens(fixture, album);
}

async function joinFleet({ client, editor, service }: DispatchFixture): Promise<void> {
  await editor.runCommand("Join a Fleet");
  await editor.typeInQuickInput(service().link, { prompt: "join link" });
  await editor.waitForNotification("Joined the fleet at");
  const { hosts } = await client.call("listHosts");
  await editor.waitForTree(
    "Hosts",
    "every host",
    (rows) => rows.filter((row) => row.level === 1).length === hosts.length,
  );
}

async function someJobs({ client, workspaceFolder, editor }: DispatchFixture): Promise<void> {
  await client.call("changeHost", { params: { host: "rtx-box" }, body: { rateMicroUsdPerHour: 440_000 } });
  await client.call("changeHost", {
    params: { host: "h100-node" },
    body: { rateMicroUsdPerHour: 18_400_000 },
  });
  await dispatchFile(client, { file: join(workspaceFolder, "wait.py"), host: "h100-node" });
  const tokened = join(workspaceFolder, "with a token.py");
  await writeFile(tokened, "pass\n");
  await dispatchFile(client, { file: tokened, host: "rtx-box", env: { API_TOKEN: "none" } });
  await dispatchFile(client, { file: join(workspaceFolder, "train it.py"), host: "rtx-box" });
  await editor.waitForTree("Jobs", "an end", (rows) =>
    rows.some((row) => row.description.includes("exit 3")),
  );
}

/** The views and a panel while the service has not answered yet. */
async function loadingScreens(fixture: DispatchFixture, album: Album): Promise<void> {
  const { editor, home } = fixture;
  let pid = 0;
  await album.step("a service that does not answer", async () => {
    await editor.runCommand("Open the Fleet Dashboard");
    await page(fixture, "Fleet");
    await waitUntilKept(editor, "mainThreadWebview-hwledger.dashboard"); // a tab that is not would not outlive a reload
    pid = (await runningService(homeLayout(home), 5_000))!.pid;
    process.kill(pid, "SIGSTOP");
  });
  try {
    await album.opened({
      loading: async () => {
        await editor.page.waitForTimeout(3_000); // a theme that is not written yet would not outlive a reload
        await editor.reload();
        await editor.openView("Hosts");
        await editor.page.getByText("Connecting to the fleet's service").first().waitFor();
        await findWebview(editor, "Fleet Dashboard", (text) =>
          text.includes("Connecting to the fleet's service"),
        );
      },
    });
  } finally {
    if (pid > 0) process.kill(pid, "SIGCONT");
  }
  await album.step("the service that answers", async () => {
    await editor.openView("Hosts");
    await hostsOnline(editor);
    await openPanel(fixture, "rtx-box");
  });
}

async function brokenScreens(fixture: DispatchFixture, album: Album): Promise<void> {
  const { editor, lab } = fixture;
  await album.step("an unreachable host", async () => {
    await editor.runCommand("Open the Fleet Dashboard");
    await lab.host("spark").stop();
    await editor.waitForTree("Hosts", "the reason", (rows) =>
      rows.some((row) => row.description.startsWith("unreachable")),
    );
  });
  await album.inEveryTheme("unreachable");
  await album.step("no service", async () => {
    await fixture.killService();
    await editor.until(
      "the banner",
      async () => (await editor.statusBarText()).includes("not connected"),
      60_000,
    );
  });
  await album.inEveryTheme("not-connected");
  await album.step("the panel without a service", () => openPanelTab(fixture, "rtx-box"));
  await album.inEveryTheme("host-not-connected");
  await album.step("the service is back", async () => {
    await fixture.startServiceAgain();
    await hostsOnline(editor);
  });
}

function hostsOnline(editor: Editor): Promise<unknown> {
  return editor.waitForTree("Hosts", "a host online", (rows) =>
    rows.some((row) => row.label === "rtx-box" && row.description.startsWith("online")),
  );
}

function page({ editor }: DispatchFixture, title: string) {
  return findWebview(editor, title, (text) => text.startsWith(title));
}

async function openPanel(fixture: DispatchFixture, name: string): Promise<void> {
  await fixture.editor.runCommand("Open Host Panel");
  await fixture.editor.pickQuickInput(name);
  const shown = await page(fixture, name);
  await fixture.editor.until("its charts", async () => (await shown.locator(".chart").count()) > 0);
}

async function openPanelTab(fixture: DispatchFixture, name: string): Promise<void> {
  await fixture.editor.page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
  await page(fixture, name);
}
