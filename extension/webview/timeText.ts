import { momentText } from "../core/clock.ts";
import { setAttribute, setText } from "./dom.ts";

/** Shows a rough time as text, and the moment it means, in the reader's own time, to who points at it. */
export function showTime(target: Element, { text, atMs }: { text: string; atMs: number | null }): void {
  setText(target, text);
  setAttribute(target, "title", atMs === null ? null : momentText(atMs));
}
