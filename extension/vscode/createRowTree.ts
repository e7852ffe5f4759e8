import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import type { Membership } from "../core/createMembership.ts";
import { createRowFeed } from "../core/createRowFeed.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { rowIndex } from "../core/rowIndex.ts";
import type { TreeRow } from "../core/treeRow.ts";
import { staleUri } from "./staleDecorations.ts";

/** What a tree of rows shows. `H` is what a row is to commands from its menu: the same object for the same id, always. */
export interface RowTreeNeeds<H extends { readonly rowId: string }> {
  viewId: string;
  membership: Membership;
  now: () => number;
  rows: (session: FleetSession) => TreeRow[];
  newHandle: (rowId: string) => H;
  /** Markdown; null where the whole row says it all. Asked for when somebody points at the row. */
  tooltip: (handle: H) => string | null;
  /** Whether what the tooltip says changes while the row looks the same. */
  tooltipAges?: boolean;
  /** What a click or Enter does, beside selecting. */
  action?: (handle: H) => RowAction | undefined;
  /** Children are about to be shown. */
  onUnfold?: (handle: H) => void;
}

/** What opening a row does; `title` is what VS Code calls it. */
export interface RowAction {
  title: string;
  run: () => unknown;
}

/** A view that draws rows, and what its owner does with it. */
export interface RowTree<H> {
  readonly view: vscode.TreeView<H>;
  /** The rows as they were drawn last, also those of folded ones. */
  readonly drawn: readonly TreeRow[];
  /** Something may have changed. */
  touch(): void;
  dispose(): void;
}

/** VS Code keeps what a row says when one points at it until the row is drawn anew. */
const tooltipLifeMs = 30_000;
const redrawLimitMs = 3_000;
const redrawPollMs = 30;

/** Makes a tree view that redraws only rows that look different, at most once a second, and not while hidden. */
export function createRowTree<H extends { readonly rowId: string }>(needs: RowTreeNeeds<H>): RowTree<H> {
  const { membership, now } = needs;
  const redraw = new vscode.EventEmitter<H[] | undefined>();
  const handles = new Map<string, H>();

  const feed = createRowFeed({
    rows: () => (membership.session ? needs.rows(membership.session) : []),
    onChange(change) {
      const index = rowIndex(feed.drawn);
      for (const id of handles.keys()) if (!index.row(id)) handles.delete(id);
      redraw.fire(change.kind === "all" ? undefined : change.ids.map(handleOf));
    },
    now,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });

  const ageing = new Map<H, NodeJS.Timeout>();
  /** Draws a row anew once what it says when one points at it has grown old, so that it is asked for again. */
  function ageTooltip(handle: H): void {
    clearTimeout(ageing.get(handle));
    const redrawOne = (): void => {
      ageing.delete(handle);
      if (handles.get(handle.rowId) === handle) redraw.fire([handle]);
    };
    ageing.set(handle, setTimeout(redrawOne, tooltipLifeMs));
  }

  function handleOf(rowId: string): H {
    const handle = handles.get(rowId) ?? needs.newHandle(rowId);
    handles.set(rowId, handle);
    return handle;
  }

  // Arguments of a row's command are forgotten while the row is redrawn: a click in that moment would fail.
  const openCommand = `${needs.viewId}.openRow`;
  const opening = needs.action
    ? vscode.commands.registerCommand(openCommand, async () => {
        const handle = await selected();
        if (handle) await needs.action?.(handle)?.run();
      })
    : null;

  /** The row that is selected; undefined when it is gone. A row that is being redrawn is known again in a moment. */
  async function selected(): Promise<H | undefined> {
    for (let waitedMs = 0; waitedMs < redrawLimitMs; waitedMs += redrawPollMs) {
      if (view.selection[0]) return view.selection[0];
      await delay(redrawPollMs);
    }
    return undefined;
  }

  const view = vscode.window.createTreeView<H>(needs.viewId, {
    showCollapseAll: true,
    treeDataProvider: {
      onDidChangeTreeData: redraw.event,
      async getChildren(parent) {
        await membership.ready().catch(() => null); // the view's welcome says what is the matter
        if (parent) needs.onUnfold?.(parent);
        const parentId = parent?.rowId ?? null;
        return rowIndex(feed.drawn)
          .children(parentId)
          .map((row) => handleOf(row.id));
      },
      getTreeItem(handle) {
        const row = rowIndex(feed.drawn).row(handle.rowId);
        const item = treeItem(handle.rowId, row);
        const action = needs.action?.(handle);
        if (action) item.command = { command: openCommand, title: action.title };
        return item;
      },
      resolveTreeItem(item, handle) {
        const text = needs.tooltip(handle);
        if (needs.tooltipAges) ageTooltip(handle);
        const row = rowIndex(feed.drawn).row(handle.rowId);
        // Without one VS Code would show nothing, and a row may be cut off.
        item.tooltip =
          text !== null ? new vscode.MarkdownString(text) : row && `${row.label} ${row.description}`.trim();
        return item;
      },
    },
  });
  const visibility = view.onDidChangeVisibility(({ visible }) => feed.setVisible(visible));
  feed.setVisible(view.visible);
  return {
    view,
    get drawn() {
      return feed.drawn;
    },
    touch: () => feed.touch(),
    dispose() {
      for (const timer of ageing.values()) clearTimeout(timer);
      opening?.dispose();
      visibility.dispose();
      feed.close();
      view.dispose();
      redraw.dispose();
    },
  };
}

const folds = {
  leaf: vscode.TreeItemCollapsibleState.None,
  open: vscode.TreeItemCollapsibleState.Expanded,
  closed: vscode.TreeItemCollapsibleState.Collapsed,
} as const;

function treeItem(rowId: string, row: TreeRow | undefined): vscode.TreeItem {
  if (row === undefined) return new vscode.TreeItem("");
  const item = new vscode.TreeItem(row.label, folds[row.fold]);
  item.id = rowId;
  item.description = row.description;
  if (row.icon)
    item.iconPath = new vscode.ThemeIcon(
      row.icon.codicon,
      row.icon.color === null ? undefined : new vscode.ThemeColor(row.icon.color),
    );
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.accessibilityLabel, role: "treeitem" };
  if (row.isStale) item.resourceUri = staleUri(row.id);
  return item;
}
