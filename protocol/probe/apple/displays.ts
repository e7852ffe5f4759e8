import type { GpuReading } from "../../reading.ts";
import { jsonAmid } from "../jsonAmid.ts";
import { isRecord, looseText } from "../looseFigure.ts";

/** A GPU that macOS lists. */
export interface MacDisplayGpu {
  vendor: GpuReading["vendor"];
  name: string;
  cores: number | null;
  /** Its own memory; null on Apple Silicon, which has none, and where it is a share of the machine's. */
  vramBytes: number | null;
}

/**
 * Reads `system_profiler SPDisplaysDataType -json`. Null where that is no answer, which says nothing of GPUs; an empty list
 * where there is none: a virtual machine has a display without a maker.
 */
export function parseMacDisplays(text: string): MacDisplayGpu[] | null {
  const { value } = jsonAmid(text);
  const list = isRecord(value) ? value["SPDisplaysDataType"] : null;
  if (!Array.isArray(list) || list.length === 0) return null;
  return list.slice(0, 16).flatMap((item: unknown) => (isRecord(item) ? (gpuOf(item) ?? []) : []));
}

function gpuOf(item: Readonly<Record<string, unknown>>): MacDisplayGpu | null {
  const vendor = vendorOf(looseText(item["spdisplays_vendor"]) ?? "");
  const model = looseText(item["sppci_model"]);
  if (vendor === null) return null;
  const cores = Number(looseText(item["sppci_cores"]) ?? Number.NaN);
  return {
    vendor,
    // `_name` is at times a key of a text that nobody has looked up, as kHW_AppleM1Item
    name: model ?? looseText(item["_name"]) ?? vendor,
    cores: Number.isInteger(cores) && cores > 0 && cores < 1_000 ? cores : null,
    vramBytes: vramOf(looseText(item["spdisplays_vram"]) ?? ""),
  };
}

function vendorOf(text: string): MacDisplayGpu["vendor"] | null {
  const name = text.toLowerCase();
  if (name.includes("apple")) return "apple";
  if (/\bamd|_amd|\bati\b/.test(name)) return "amd";
  if (name.includes("intel")) return "intel";
  return name.includes("nvidia") ? "nvidia" : null;
}

function vramOf(text: string): number | null {
  const match = /^(\d{1,6}) (MB|GB)$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * 1024 ** (match[2] === "GB" ? 3 : 2);
}
