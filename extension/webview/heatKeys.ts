/** What the keys of the heat map move. */
export interface HeatKeysNeeds {
  size: () => { rows: number; columns: number };
  /** The column is null before the first move along a row. */
  here: () => { row: number; column: number | null };
  go: (row: number, column: number) => void;
  open: () => void;
}

const pageRows = 10;

/** The keys of the heat map: arrows move from cell to cell, Home and End to both ends of a row, Enter opens the host. */
export function heatKeys(needs: HeatKeysNeeds): (event: KeyboardEvent) => void {
  function move(rows: number, columns: number): void {
    const size = needs.size();
    if (size.rows === 0 || size.columns === 0) return;
    const { row, column } = needs.here();
    const last = size.columns - 1;
    const isFirst = column === null && Number.isFinite(columns);
    const next = isFirst ? last : (column ?? last) + columns;
    needs.go(Math.min(size.rows - 1, Math.max(0, row + rows)), Math.min(last, Math.max(0, next)));
  }
  const actions: Record<string, () => void> = {
    ArrowLeft: () => move(0, -1),
    ArrowRight: () => move(0, 1),
    ArrowUp: () => move(-1, 0),
    ArrowDown: () => move(1, 0),
    PageUp: () => move(-pageRows, 0),
    PageDown: () => move(pageRows, 0),
    Home: () => move(0, -Infinity),
    End: () => move(0, Infinity),
    Enter: needs.open,
  };
  return (event) => {
    // A button in the row has keys of its own.
    const isButton = event.target instanceof Element && event.target.closest("button") !== null;
    const isHeld = event.ctrlKey || event.metaKey || event.altKey;
    const action = isButton || isHeld ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
}
