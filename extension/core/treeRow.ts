import type { HostId } from "../../protocol/ids.ts";

/** A codicon and a theme colour. */
export interface RowIcon {
  codicon: string;
  /** Id of a theme colour; null: the text's own. */
  color: string | null;
}

/** One row of a view, as it is drawn. Two equal rows look the same. */
export interface TreeRow {
  /** Stable over the life of what it shows. */
  id: string;
  parentId: string | null;
  kind: "host" | "gpu" | "process" | "note" | "group" | "job" | "event";
  /** The host it shows or belongs to. */
  hostId: HostId | null;
  label: string;
  description: string;
  icon: RowIcon | null;
  /** Drawn greyed: what it says may no longer be so. */
  isStale: boolean;
  /** For `when` clauses of menus. */
  contextValue: string;
  /** What a screen reader says. */
  accessibilityLabel: string;
  fold: "leaf" | "open" | "closed";
}
