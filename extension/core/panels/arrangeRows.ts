import { compareNames } from "../compareNames.ts";
import type { DashboardColumn, DashboardRow, DashboardState } from "./dashboardSchema.ts";

/** The rows that fit the filter, sorted. What has no figure comes last, whatever the direction; equal rows keep their order. */
export function arrangeRows(
  rows: readonly DashboardRow[],
  { sort, filter }: Pick<DashboardState, "sort" | "filter">,
): DashboardRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row: DashboardRow): boolean => {
    const text = searchText(row);
    return words.every((word) => text.includes(word));
  };
  const direction = sort.isDescending ? -1 : 1;
  return rows.filter(fits).sort((a, b) => compare(a, b, sort.column, direction));
}

function compare(a: DashboardRow, b: DashboardRow, column: DashboardColumn, direction: 1 | -1): number {
  if (column === "host") return direction * compareNames(a.host, b.host);
  const lacking = Number(lacks(a, column)) - Number(lacks(b, column));
  if (lacking !== 0) return lacking;
  if (column === "gpu") return direction * compareNames(a.gpu, b.gpu);
  const difference = (a[column].value ?? 0) - (b[column].value ?? 0);
  if (difference !== 0) return direction * difference;
  return column === "use" ? direction * compareNames(a.use.text, b.use.text) : 0;
}

function lacks(row: DashboardRow, column: Exclude<DashboardColumn, "host">): boolean {
  if (column === "gpu") return row.gpu === "";
  return row[column].value === null;
}

function searchText(row: DashboardRow): string {
  const { host, hostNote, gpu, use, note } = row;
  return [host, hostNote, gpu, use.text, note?.text ?? ""].join("\n").toLowerCase();
}
