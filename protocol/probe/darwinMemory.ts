import type { MemoryFigures } from "./linuxMemory.ts";

/** Pages by name, as `vm_stat` counts them, with the size of a page. */
export interface DarwinPages {
  pageBytes: number;
  counts: ReadonlyMap<string, number>;
}

/** Reads the text of `vm_stat`; null when it has no page size. */
export function parseVmStat(lines: readonly string[]): DarwinPages | null {
  const size = /page size of (\d+) bytes/.exec(lines[0] ?? "");
  if (size === null) return null;
  const counts = new Map<string, number>();
  for (const line of lines.slice(1)) {
    const match = /^"?([^":]+)"?:\s+(\d+)\.?\s*$/.exec(line.trim());
    if (match?.[1] !== undefined) counts.set(match[1], Number(match[2]));
  }
  return { pageBytes: Number(size[1]), counts };
}

/**
 * Memory of a Mac: used is what the system's own monitor counts as used, active + wired + compressed. A total
 * that nobody told is not guessed from the pages.
 */
export function darwinMemory(totalBytes: number | null, pages: DarwinPages | null): MemoryFigures {
  const names = ["Pages active", "Pages wired down", "Pages occupied by compressor"];
  const counts = names.map((name) => pages?.counts.get(name));
  const known = counts.filter((count) => count !== undefined);
  return {
    memoryTotalBytes: totalBytes === null ? { unsupported: "not-measured" } : { value: totalBytes },
    memoryUsedBytes:
      pages === null || known.length < names.length
        ? { unsupported: "not-measured" }
        : { value: known.reduce((sum, count) => sum + count, 0) * pages.pageBytes },
  };
}
