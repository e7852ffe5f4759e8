/** A moment of today as a clock shows it, in the reader's own time: `13:39:44`. */
export function clockText(atMs: number): string {
  return new Date(atMs).toLocaleTimeString("en-GB");
}

/** A moment, in the reader's own time: `27 Nov 2026, 13:38`. */
export function momentText(atMs: number): string {
  return new Date(atMs).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** The same to the second: `27 Nov 2026, 13:38:39`. */
export function exactMomentText(atMs: number): string {
  return new Date(atMs).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

/** A day, in the reader's own time: `27 Nov 2026`. */
export function dayText(atMs: number): string {
  return new Date(atMs).toLocaleDateString("en-GB", { dateStyle: "medium" });
}
