import type { Metric } from "../../metric.ts";
import type { GpuReading } from "../../reading.ts";

/** A GPU's driver in macOS's registry, with what it counts now. */
export interface MacAccelerator {
  vendor: GpuReading["vendor"] | null;
  /** "Apple M4"; null where the registry has none. */
  model: string | null;
  cores: number | null;
  utilizationPct: Metric;
  /** Of the machine's memory, in use by this GPU now. */
  inUseBytes: Metric;
  /** Its own memory, on Macs whose GPU has some. */
  vramUsedBytes: Metric;
  vramTotalBytes: Metric;
}

const maxLines = 2_000;
/** More is a counter that went below zero. */
const maxBytes = 2 ** 50;

/**
 * Reads `ioreg -r -d 1 -w 0 -c IOAccelerator`: one entry per GPU, whose "PerformanceStatistics" are on one line, the model
 * before or after them. The tool must not cut lines, hence its `-w 0`; a line that is cut has no statistics.
 */
export function parseMacAccelerators(text: string): MacAccelerator[] {
  const found: string[][] = [];
  for (const line of text.split("\n").slice(0, maxLines)) {
    if (line.includes("+-o ") || found.length === 0) found.push([]);
    found.at(-1)?.push(line);
  }
  return found.map(acceleratorOf).filter((accelerator) => accelerator !== null);
}

function acceleratorOf(lines: readonly string[]): MacAccelerator | null {
  const property = (name: string): string | null => {
    const line = lines.find((text) => new RegExp(`^[ |]*"${name}" = `).test(text));
    return line?.slice(line.indexOf(" = ") + 3).trim() ?? null;
  };
  const statistics = property("PerformanceStatistics");
  if (statistics === null) return null;
  const figure = (key: string, max: number): Metric => {
    const match = /^\d{1,20}/.exec(after(statistics, `"${key}"=`));
    if (match === null) return { unsupported: "not-supported" };
    const value = Number(match[0]);
    return value <= max ? { value } : { unsupported: "error" };
  };
  const used = figure("vramUsedBytes", maxBytes);
  const free = figure("vramFreeBytes", maxBytes);
  const cores = Number(property("gpu-core-count") ?? Number.NaN);
  return {
    vendor: vendorOf(`${lines[0] ?? ""} ${property("IOClass") ?? ""} ${property("model") ?? ""}`),
    model: /^"([^"]{1,100})"$/.exec(property("model") ?? "")?.[1] ?? null,
    cores: Number.isInteger(cores) ? cores : null,
    utilizationPct: figure("Device Utilization %", 100),
    inUseBytes: figure("In use system memory", maxBytes),
    vramUsedBytes: used,
    vramTotalBytes:
      "value" in used && "value" in free
        ? { value: used.value + free.value }
        : { unsupported: "not-supported" },
  };
}

/** The text after a key of the statistics; nothing where the line has no such key, or is cut. */
function after(statistics: string, key: string): string {
  const at = statistics.endsWith("}") ? statistics.indexOf(key) : -1;
  return at === -1 ? "" : statistics.slice(at + key.length);
}

function vendorOf(words: string): GpuReading["vendor"] | null {
  if (/\bAGX|Apple/.test(words)) return "apple";
  if (/AMD|Radeon/.test(words)) return "amd";
  if (/Intel/.test(words)) return "intel";
  return /NVDA|GeForce|NVIDIA/.test(words) ? "nvidia" : null;
}
