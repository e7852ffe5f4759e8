import * as vscode from "vscode";
import type { HostId } from "../../protocol/ids.ts";
import { connectionMessage } from "../core/connectionMessage.ts";
import type { Membership } from "../core/createMembership.ts";
import { gpusOf, type KnownHost } from "../core/fleetState.ts";
import { gpuTooltip, hostTooltip } from "../core/tooltips.ts";
import { treeRows } from "../core/treeRows.ts";
import { viewIds } from "../core/viewIds.ts";
import { createRowTree } from "./createRowTree.ts";

/** What a row is to the view and to commands from its menu. */
export interface RowHandle {
  readonly rowId: string;
  readonly hostId: HostId;
}

/** The Hosts view. Asks for each second's readings of unfolded hosts while it is in sight, and for nothing else. */
export function createHostsView(membership: Membership, now: () => number): vscode.Disposable {
  const unfolded = new Set<HostId>();

  function hostOf({ hostId }: RowHandle): KnownHost | undefined {
    return membership.session?.fleet.hosts.get(hostId);
  }

  const tree = createRowTree<RowHandle>({
    viewId: viewIds.hosts,
    membership,
    now,
    rows: ({ fleet, contact }) => treeRows(fleet, contact, now()),
    newHandle: (rowId) => ({ rowId, hostId: rowId.split("/", 1)[0] as HostId }),
    tooltip(handle) {
      const host = hostOf(handle);
      const contact = membership.session?.contact;
      if (!host || !contact) return null;
      const gpu = gpusOf(host).find(({ uuid }) => handle.rowId === `${host.record.id}/${uuid}`);
      return gpu ? gpuTooltip(host, gpu, now()) : hostTooltip(host, contact, now());
    },
    onUnfold({ hostId }) {
      unfolded.add(hostId);
      watchUnfolded();
    },
  });
  const { view } = tree;

  function watchUnfolded(): void {
    const known = membership.session?.fleet.hosts;
    const seen = [...unfolded].filter((id) => known?.has(id));
    membership.session?.watchFor(unfolded, new Set(view.visible ? seen : []));
  }

  function update(): void {
    const { session } = membership;
    const message = session ? connectionMessage(session.fleet, session.contact) : null;
    if (view.message !== (message ?? undefined)) view.message = message ?? undefined;
    tree.touch();
    watchUnfolded();
  }

  return vscode.Disposable.from(
    tree,
    { dispose: membership.listen(update) },
    view.onDidChangeVisibility(watchUnfolded),
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
