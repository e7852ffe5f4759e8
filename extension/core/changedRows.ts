import type { TreeRow } from "./treeRow.ts";

/** What to draw anew: everything (`all`), or the rows with these ids. */
export type RowChange = { kind: "none" } | { kind: "all" } | { kind: "rows"; ids: string[] };

/**
 * What changed visibly between two drawings of the tree. A row's children appearing, leaving or moving is a change of
 * the row; of the top rows, a change of everything.
 */
export function changedRows(before: readonly TreeRow[], after: readonly TreeRow[]): RowChange {
  const old = new Map(before.map((row) => [row.id, row]));
  const oldChildren = childIds(before);
  const newChildren = childIds(after);
  if (oldChildren.get(null) !== newChildren.get(null)) return { kind: "all" };
  const ids = after
    .filter((row) => {
      const known = old.get(row.id);
      if (known === undefined) return false; // its parent is in the list
      return look(known) !== look(row) || oldChildren.get(row.id) !== newChildren.get(row.id);
    })
    .map((row) => row.id);
  return ids.length === 0 ? { kind: "none" } : { kind: "rows", ids };
}

function look(row: TreeRow): string {
  const { label, description, icon, isStale, contextValue, fold } = row;
  return JSON.stringify([label, description, icon, isStale, contextValue, fold === "leaf"]);
}

/** Ids of each row's children, in order, as one text. */
function childIds(rows: readonly TreeRow[]): Map<string | null, string> {
  const found = new Map<string | null, string>();
  for (const { parentId, id } of rows) found.set(parentId, `${found.get(parentId) ?? ""}\n${id}`);
  return found;
}
