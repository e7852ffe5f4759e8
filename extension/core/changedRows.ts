import { rowIndex } from "./rowIndex.ts";
import type { TreeRow } from "./treeRow.ts";

/** What to draw anew: everything (`all`), or the rows with these ids. */
export type RowChange = { kind: "none" } | { kind: "all" } | { kind: "rows"; ids: string[] };

/**
 * What changed visibly between two drawings of the tree. A row's children appearing, leaving or moving is a change of
 * the row; of the top rows, a change of everything.
 */
export function changedRows(before: readonly TreeRow[], after: readonly TreeRow[]): RowChange {
  const [old, next] = [rowIndex(before), rowIndex(after)];
  const hasSameChildren = (id: string | null) => areSame(old.children(id), next.children(id));
  if (!hasSameChildren(null)) return { kind: "all" };
  const ids = after
    .filter((row) => {
      const known = old.row(row.id);
      if (known === undefined) return false; // its parent is in the list
      return !looksSame(known, row) || !hasSameChildren(row.id);
    })
    .map((row) => row.id);
  return ids.length === 0 ? { kind: "none" } : { kind: "rows", ids };
}

function looksSame(one: TreeRow, other: TreeRow): boolean {
  if (one === other) return true;
  return (
    one.label === other.label &&
    one.description === other.description &&
    one.icon?.codicon === other.icon?.codicon &&
    one.icon?.color === other.icon?.color &&
    one.isStale === other.isStale &&
    one.contextValue === other.contextValue &&
    (one.fold === "leaf") === (other.fold === "leaf")
  );
}

/** Whether these are the same rows in the same order, whatever they look like. */
function areSame(some: readonly TreeRow[], others: readonly TreeRow[]): boolean {
  return some.length === others.length && some.every(({ id }, at) => id === others[at]?.id);
}
