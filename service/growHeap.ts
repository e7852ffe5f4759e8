import { setFlagsFromString } from "node:v8";

/**
 * Lets the heap grow to four times what lives in it before it is collected. Logs pass through as buffers outside the
 * heap, which V8 counts with it: with its own, tighter limit it went through the whole heap for every few megabytes of
 * log (docs/bench.md). An idle process is collected soon all the same.
 */
export function growHeap(): void {
  setFlagsFromString("--heap-growing-percent=300");
}
