import type { TreeRow } from "./treeRow.ts";

/** Rows by their id and their parent's, for trees of thousands. */
export interface RowIndex {
  row(id: string): TreeRow | undefined;
  /** In their order; of `null` the topmost. */
  children(parentId: string | null): readonly TreeRow[];
}

/** The index of a list of rows, made once for each list. */
export function rowIndex(rows: readonly TreeRow[]): RowIndex {
  const known = indexes.get(rows);
  if (known) return known;
  const byId = new Map(rows.map((row) => [row.id, row]));
  const byParent = Map.groupBy(rows, ({ parentId }) => parentId);
  const index: RowIndex = {
    row: (id) => byId.get(id),
    children: (parentId) => byParent.get(parentId) ?? [],
  };
  indexes.set(rows, index);
  return index;
}

const indexes = new WeakMap<readonly TreeRow[], RowIndex>();
