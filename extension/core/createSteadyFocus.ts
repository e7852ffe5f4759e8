/** What keeps the focus of a list with the person while the list is drawn anew. `T` names a row over all drawings. */
export interface SteadyFocus<T> {
  /** The list is drawn anew, with that row active. */
  drawn(active: T): void;
  /** The editor says that this row is active. Gives the row to go back to where that was not the person's doing. */
  moved(active: T): T | null;
  /** Nobody has moved the focus a moment ago: drawing anew is in nobody's way. */
  isAtRest(): boolean;
}

/** So long after a drawing the editor may still tell what was so before it. */
const crossingMs = 300;
/** A person who moves through a list is left alone that long after each step. */
const restMs = 1_000;

/**
 * A key that is pressed while a new drawing is under way moves the focus, and the drawing moves it back: the editor then
 * tells of the person's row first and of the drawing's afterwards.
 */
export function createSteadyFocus<T>(now: () => number): SteadyFocus<T> {
  let drawing: { active: T; atMs: number } | null = null;
  let step: { active: T; atMs: number } | null = null;
  return {
    drawn(active) {
      drawing = { active, atMs: now() };
      step = null;
    },
    moved(active) {
      const wasCrossed =
        drawing !== null &&
        step !== null &&
        drawing.active === active &&
        step.active !== active &&
        now() - drawing.atMs < crossingMs;
      if (wasCrossed && step !== null) {
        const back = step.active;
        drawing = null;
        return back;
      }
      if (drawing?.active !== active || step !== null) step = { active, atMs: now() };
      return null;
    },
    isAtRest: () => step === null || now() - step.atMs >= restMs,
  };
}
