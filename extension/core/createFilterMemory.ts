import * as z from "zod";
import type { KeptState } from "./keptState.ts";

/** The filter of one view, as this workspace last had it. */
export interface FilterMemory {
  get(): string;
  set(filter: string): void;
}

/** Keeps a view's filter over a reload of the window; what cannot be read is no filter. */
export function createFilterMemory(state: KeptState, viewId: string): FilterMemory {
  const key = `filter:${viewId}`;
  return {
    get: () => z.string().catch("").parse(state.get(key)),
    set: (filter) => void state.update(key, filter),
  };
}
