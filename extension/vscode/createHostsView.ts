import * as vscode from "vscode";
import type { Membership } from "../core/createMembership.ts";
import type { HostId } from "../../protocol/ids.ts";
import { connectionMessage } from "../core/connectionMessage.ts";
import { createRowFeed } from "../core/createRowFeed.ts";
import { gpusOf, type KnownHost } from "../core/fleetState.ts";
import { gpuTooltip, hostTooltip } from "../core/tooltips.ts";
import type { TreeRow } from "../core/treeRow.ts";
import { treeRows } from "../core/treeRows.ts";
import { viewIds } from "../core/viewIds.ts";
import { staleUri } from "./staleDecorations.ts";

/** What a row is to the view and to commands from its menu. The same object for the same id, always. */
export interface RowHandle {
  readonly rowId: string;
  readonly hostId: HostId;
}

/** The Hosts view. Asks for each second's readings of unfolded hosts while it is in sight, and for nothing else. */
export function createHostsView(membership: Membership, now: () => number): vscode.Disposable {
  const redraw = new vscode.EventEmitter<RowHandle[] | undefined>();
  const handles = new Map<string, RowHandle>();
  const unfolded = new Set<HostId>();

  const feed = createRowFeed({
    rows() {
      const { session } = membership;
      return session ? treeRows(session.fleet, session.contact, now()) : [];
    },
    onChange: (change) => redraw.fire(change.kind === "all" ? undefined : change.ids.map(handleOf)),
    now,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });

  function handleOf(rowId: string): RowHandle {
    const hostId = rowId.split("/", 1)[0] as HostId;
    const handle = handles.get(rowId) ?? { rowId, hostId };
    handles.set(rowId, handle);
    return handle;
  }

  function rowOf({ rowId }: RowHandle): TreeRow | undefined {
    return feed.drawn.find((row) => row.id === rowId);
  }

  function hostOf({ hostId }: RowHandle): KnownHost | undefined {
    return membership.session?.fleet.hosts.get(hostId);
  }

  function watchUnfolded(): void {
    const known = membership.session?.fleet.hosts;
    const seen = [...unfolded].filter((id) => known?.has(id));
    membership.session?.watch(new Set(view.visible ? seen : []));
  }

  const view = vscode.window.createTreeView<RowHandle>(viewIds.hosts, {
    showCollapseAll: true,
    treeDataProvider: {
      onDidChangeTreeData: redraw.event,
      async getChildren(parent) {
        await membership.ready();
        if (parent) {
          unfolded.add(parent.hostId);
          watchUnfolded();
        }
        const parentId = parent?.rowId ?? null;
        return feed.drawn.filter((row) => row.parentId === parentId).map((row) => handleOf(row.id));
      },
      getTreeItem: (handle) => treeItem(handle, rowOf(handle)),
      resolveTreeItem(item, handle) {
        const host = hostOf(handle);
        const contact = membership.session?.contact;
        if (!host || !contact) return item;
        const gpu = gpusOf(host).find(({ uuid }) => handle.rowId === `${host.record.id}/${uuid}`);
        const text = gpu ? gpuTooltip(host, gpu, now()) : hostTooltip(host, contact, now());
        item.tooltip = new vscode.MarkdownString(text);
        return item;
      },
    },
  });

  function update(): void {
    const { session } = membership;
    const message = session ? connectionMessage(session.fleet, session.contact) : null;
    if (view.message !== (message ?? undefined)) view.message = message ?? undefined;
    feed.touch();
    watchUnfolded();
  }

  const stopListening = membership.listen(update);
  feed.setVisible(view.visible);
  return vscode.Disposable.from(
    view,
    redraw,
    { dispose: stopListening },
    { dispose: () => feed.close() },
    view.onDidChangeVisibility(({ visible }) => {
      feed.setVisible(visible);
      watchUnfolded();
    }),
    view.onDidExpandElement(({ element }) => {
      unfolded.add(element.hostId);
      watchUnfolded();
    }),
    view.onDidCollapseElement(({ element }) => {
      unfolded.delete(element.hostId);
      watchUnfolded();
    }),
  );
}

const folds = {
  leaf: vscode.TreeItemCollapsibleState.None,
  open: vscode.TreeItemCollapsibleState.Expanded,
  closed: vscode.TreeItemCollapsibleState.Collapsed,
} as const;

function treeItem(handle: RowHandle, row: TreeRow | undefined): vscode.TreeItem {
  if (row === undefined) return new vscode.TreeItem("");
  const item = new vscode.TreeItem(row.label, folds[row.fold]);
  item.id = handle.rowId;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(
    row.icon.codicon,
    row.icon.color === null ? undefined : new vscode.ThemeColor(row.icon.color),
  );
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.accessibilityLabel, role: "treeitem" };
  if (row.isStale) item.resourceUri = staleUri(row.id);
  return item;
}
