import * as vscode from "vscode";
import type { HostId } from "../../protocol/ids.ts";
import { connectionMessage } from "../core/connectionMessage.ts";
import type { FilterMemory } from "../core/createFilterMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { gpusOf, type KnownHost } from "../core/fleetState.ts";
import { gpuTooltip, hostTooltip, processTooltip } from "../core/tooltips.ts";
import { treeRows } from "../core/treeRows.ts";
import { mostWatched } from "../core/createHostWatch.ts";
import { gpuRowId, jobNamesOf, processOf } from "../core/processRows.ts";
import { hostGroupings, settingIds, type HostGrouping } from "../core/settings.ts";
import { contextKeys, viewIds } from "../core/viewIds.ts";
import { words } from "../core/words/words.ts";
import { createRowTree } from "./createRowTree.ts";
import { textSetting } from "./setting.ts";

/** What a row is to the view and to commands from its menu. */
export interface RowHandle {
  readonly rowId: string;
  /** Null for a group. */
  readonly hostId: HostId | null;
}

/** The Hosts view, and what its title's buttons do. */
export interface HostsView {
  /** Keeps out hosts without these words; empty: none. */
  setFilter(filter: string): void;
  readonly filter: string;
  dispose(): void;
}

/** Asks for each second's readings of unfolded hosts while it is in sight, and for nothing else. */
export function createHostsView(
  membership: Membership,
  filterMemory: FilterMemory,
  now: () => number,
): HostsView {
  const unfolded = new Set<HostId>();
  const foldedGroups = new Set<string>();
  let filter = "";

  function hostOf({ hostId }: RowHandle): KnownHost | undefined {
    return hostId === null ? undefined : membership.session?.fleet.hosts.get(hostId);
  }

  const tree = createRowTree<RowHandle>({
    viewId: viewIds.hosts,
    membership,
    now,
    rows: ({ fleet, contact }) => treeRows(fleet, contact, now(), { groupBy: hostGrouping(), filter }),
    newHandle: (rowId) => ({
      rowId,
      hostId: rowId.startsWith("group:") ? null : (rowId.split("/", 1)[0] as HostId),
    }),
    tooltip(handle) {
      const host = hostOf(handle);
      const { session } = membership;
      if (!host || !session) return null;
      const { contact, fleet } = session;
      const gpu = gpusOf(host).find((one) => handle.rowId.startsWith(gpuRowId(host, one)));
      if (!gpu) return hostTooltip(host, contact, now());
      const process = processOf(host, gpu, handle.rowId);
      return process ? processTooltip(host, gpu, process, jobNamesOf(fleet)) : gpuTooltip(host, gpu, now());
    },
    tooltipAges: true,
    onUnfold({ rowId, hostId }) {
      if (hostId !== null) unfolded.add(hostId);
      else foldedGroups.delete(rowId);
      watchUnfolded();
    },
  });
  const { view } = tree;

  function watchUnfolded(): void {
    const { drawn } = tree;
    // A group that comes back is unfolded.
    for (const id of foldedGroups) if (!drawn.some((row) => row.id === id)) foldedGroups.delete(id);
    const inSight = new Set(
      drawn.filter(({ parentId }) => parentId === null || !foldedGroups.has(parentId)).map(({ id }) => id),
    );
    // Those that were unfolded last are the likeliest to be looked at.
    const seen = [...unfolded].filter((id) => inSight.has(id)).slice(-mostWatched);
    membership.session?.watchFor(unfolded, new Set(view.visible ? seen : []));
  }

  function update(): void {
    const { session } = membership;
    const message = session ? connectionMessage(session.fleet, session.contact, membership.place) : null;
    if (view.message !== (message ?? undefined)) view.message = message ?? undefined;
    const description = filter === "" ? undefined : words.filter(filter);
    if (view.description !== description) view.description = description;
    tree.touch();
    watchUnfolded();
  }

  /** A GPU that is folded leaves its host as it is. */
  const isHost = ({ rowId, hostId }: RowHandle) => rowId === hostId;
  const parts = vscode.Disposable.from(
    tree,
    { dispose: membership.listen(update) },
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(settingIds.groupHostsBy)) tree.touch();
    }),
    view.onDidChangeVisibility(watchUnfolded),
    view.onDidExpandElement(({ element }) => {
      if (element.hostId !== null) unfolded.add(element.hostId);
      else foldedGroups.delete(element.rowId);
      watchUnfolded();
    }),
    view.onDidCollapseElement(({ element }) => {
      if (element.hostId === null) foldedGroups.add(element.rowId);
      else if (isHost(element)) unfolded.delete(element.hostId);
      watchUnfolded();
    }),
  );
  function setFilter(next: string): void {
    filter = next.trim();
    filterMemory.set(filter);
    void vscode.commands.executeCommand("setContext", contextKeys.hostsFiltered, filter !== "");
    update();
  }

  if (filterMemory.get() !== "") setFilter(filterMemory.get());
  return {
    get filter() {
      return filter;
    },
    setFilter,
    dispose: () => void parts.dispose(),
  };
}

function hostGrouping(): HostGrouping {
  const wanted = textSetting(settingIds.groupHostsBy);
  return hostGroupings.find((one) => one === wanted) ?? "none";
}
