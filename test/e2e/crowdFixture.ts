import { setTimeout as delay } from "node:timers/promises";
import type { Locator } from "playwright-core";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { LabHost } from "../lab/labHost.ts";
import type { Editor } from "../support/editor/editor.ts";
import type { FrameHost } from "../support/frameHosts.ts";
import type { DispatchFixture } from "./dispatchFixture.ts";

const view = "Hosts";
/** Hosts that are added at the same time. */
const atOnce = 8;

/** Adds hosts to the fleet, with any key that logs in. */
export async function addCrowd({ client, lab }: DispatchFixture, hosts: readonly FrameHost[]): Promise<void> {
  const { user, identityFile } = lab.hosts[0]!;
  const add = ({ name, address, port, hostKeyFingerprint }: FrameHost) =>
    client.call("addHost", {
      body: { name, alias: address, user, port, identityFile, hostKey: hostKeyFingerprint },
    });
  for (let at = 0; at < hosts.length; at += atOnce) await Promise.all(hosts.slice(at, at + atOnce).map(add));
}

/** How often each host with a GPU is read, in milliseconds; null for one that was not read yet. */
export async function cadencesMs(client: RouteClient): Promise<(number | null)[]> {
  const { hosts } = await client.call("listHosts");
  return hosts
    .filter(({ connection }) => connection.kind !== "local")
    .map(({ reading }) => reading?.cadenceMs ?? null);
}

/** Fulfils when each host with a GPU was read again, a second from now or later. */
export async function readAnew(client: RouteClient): Promise<void> {
  const sinceMs = Date.now() + 1_000;
  const isRead = async () =>
    (await client.call("listHosts")).hosts
      .filter(({ connection }) => connection.kind !== "local")
      .every(({ reading }) => reading !== null && reading.atMs > sinceMs);
  for (const endMs = Date.now() + 20_000; !(await isRead()); await delay(200))
    if (Date.now() > endMs) throw new Error("some host was not read for 20 s");
}

/** The most processes of one host that were seen at once to wait a second: each probe's shell, and its tool, has one. */
export async function probeCount(host: LabHost): Promise<number> {
  const counts: number[] = [];
  for (let look = 0; look < 8; look += 1) {
    const { stdout } = await host.run(["sh", "-c", "ps -A -o args"], { as: "root" });
    counts.push(stdout.split("\n").filter((line) => /^sleep 1$/.test(line.trim())).length);
  }
  return Math.max(...counts);
}

/** A host's row, if it is drawn. */
export function rowOfHost({ page }: Editor, host: string): Locator {
  const name = page.locator(".label-name", { hasText: new RegExp(`^${host}$`) });
  return page.locator('.pane-body .monaco-list-row[aria-level="1"]').filter({ has: name }).first();
}

/** All that the rows of the Hosts view show which are drawn now. */
export async function drawnRows({ page }: Editor): Promise<string> {
  return (await page.locator('.pane-body .monaco-list-row[aria-level="2"]').allInnerTexts()).join("\n");
}

/** What each host costs per hour, by its name. */
export async function rates(client: RouteClient): Promise<Record<string, number | null>> {
  const { hosts } = await client.call("listHosts");
  return Object.fromEntries(hosts.map(({ name, rateMicroUsdPerHour }) => [name, rateMicroUsdPerHour]));
}

/** The last part of a host's description. */
export async function shownRate(editor: Editor, host: string): Promise<string | undefined> {
  return (await rowOfHost(editor, host).locator(".label-description").innerText()).split(" · ").at(-1);
}

export async function setRate(editor: Editor, host: string, usdPerHour: string): Promise<void> {
  await editor.treeContextMenu(view, host, "Set Host Rate");
  await editor.typeInQuickInput(usdPerHour, { prompt: "US dollars per hour" });
}

/** Gives the focus to the tree in the very frame in which a list or box with that text is drawn. */
export function focusTreeWhenShown(editor: Editor, text: string): Promise<void> {
  return editor.page.evaluate(
    ([shown, limitMs]) =>
      new Promise<void>((resolve, reject) => {
        const endAtMs = performance.now() + limitMs;
        const look = () => {
          const widget = document.querySelector<HTMLElement>(".quick-input-widget");
          const input = widget?.querySelector("input");
          const isAsking = input === document.activeElement && !input?.value.startsWith(">");
          if (widget?.offsetParent !== null && isAsking && widget?.innerHTML.includes(shown)) {
            document.querySelector<HTMLElement>(".pane-body .monaco-list")?.focus();
            resolve();
          } else if (performance.now() > endAtMs) reject(new Error(`"${shown}" was not asked`));
          else requestAnimationFrame(look);
        };
        look();
      }),
    [text, 60_000] as const,
  );
}
