import * as vscode from "vscode";
import type * as z from "zod";
import { commandIds } from "../core/commandIds.ts";
import type { Membership } from "../core/createMembership.ts";
import { createSnapshotFeed } from "../core/panels/createSnapshotFeed.ts";
import { commonMessageSchema } from "../core/panels/panelSchema.ts";
import { words } from "../core/words/words.ts";
import { panelHtml, panelRoots } from "./panelHtml.ts";

/** What every panel needs of the extension. */
export interface PanelHost {
  extensionUri: vscode.Uri;
  membership: Membership;
  now: () => number;
}

/** What one panel shows. */
export interface PanelContent<M, Msg> {
  /** Name of its bundle in dist/webview. */
  page: string;
  title: () => string;
  /** The newest model, whole; it goes over as JSON. */
  model: () => M;
  /** What the page may say of its own; what is neither this nor common to all pages is dropped. */
  messageSchema: z.ZodType<Msg>;
  onMessage: (message: Msg) => void;
  /** The panel came into sight or left it; not told of its closing. */
  onVisible?: (isVisible: boolean) => void;
  /** See `createSnapshotFeed`. */
  shortestMs?: (model: M) => number;
  /** The panel was closed: touching it now would throw. */
  dispose?: () => void;
}

/** A panel while it is open. */
export interface OpenPanel {
  /** Something that its model is made of may have changed. */
  touch(): void;
}

/**
 * Fills a webview panel: sends whole models while the page can be seen, at most ten a second, and takes its messages.
 * Lives until the panel is closed.
 */
export function createPanel<M, Msg>(
  panel: vscode.WebviewPanel,
  { extensionUri, membership, now }: PanelHost,
  content: PanelContent<M, Msg>,
): OpenPanel {
  const { webview } = panel;
  const feed = createSnapshotFeed<M>({
    model: content.model,
    post: (model) => void webview.postMessage({ kind: "model", model }),
    now,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    ...(content.shortestMs ? { shortestMs: content.shortestMs } : {}),
  });

  let isClosed = false;
  function touch(): void {
    if (isClosed) return;
    const title = content.title();
    if (panel.title !== title) panel.title = title;
    feed.touch();
  }

  function take(raw: unknown): void {
    const common = commonMessageSchema.safeParse(raw);
    if (common.success) {
      if (common.data.kind === "ready") return feed.ready();
      return void vscode.commands.executeCommand(commandIds[common.data.run]);
    }
    const own = content.messageSchema.safeParse(raw);
    if (own.success) content.onMessage(own.data);
  }

  let isVisible = false;
  function see(): void {
    if (panel.visible === isVisible) return;
    isVisible = panel.visible;
    if (!isVisible) feed.hide();
    content.onVisible?.(isVisible);
  }

  const parts = [
    webview.onDidReceiveMessage(take),
    panel.onDidChangeViewState(see),
    { dispose: membership.listen(touch) },
  ];
  panel.onDidDispose(() => {
    isClosed = true;
    feed.hide();
    for (const part of parts) part.dispose();
    content.dispose?.();
  });
  const icon = (name: string) => vscode.Uri.joinPath(extensionUri, "media", name);
  panel.iconPath = { light: icon("panel-light.svg"), dark: icon("panel-dark.svg") };
  webview.options = { enableScripts: true, localResourceRoots: panelRoots(extensionUri) };
  webview.html = panelHtml(webview, extensionUri, { page: content.page, title: words.extensionName });
  see();
  touch();
  void membership.ready().then(touch, touch);
  return { touch };
}
