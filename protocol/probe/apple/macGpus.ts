import type { Metric } from "../../metric.ts";
import type { GpuFigures } from "../gpuFigures.ts";
import { nothingSaid } from "../gpuHealth.ts";
import type { MachineFacts } from "../toolBoard.ts";
import type { MacAccelerator } from "./accelerators.ts";
import type { MacDisplayGpu } from "./displays.ts";

/** What a Mac tells of its memory. */
export type MacMemory = Pick<MachineFacts, "totalBytes" | "wiredLimitMib">;

const mib = 1024 ** 2;
const gib = 1024 ** 3;
const namesOfMakers = { apple: "Apple GPU", amd: "AMD GPU", intel: "Intel GPU", nvidia: "NVIDIA GPU" };
const notSupported: Metric = { unsupported: "not-supported" };

/**
 * The GPUs of a Mac, as listed (`parseMacDisplays`) and counted (`parseMacAccelerators`), each list in the system's order; one
 * of them may be missing. Temperature and power need root on macOS.
 */
export function macGpus(
  displays: readonly MacDisplayGpu[] | null,
  accelerators: readonly MacAccelerator[],
  memory: MacMemory,
  atMs: number,
): GpuFigures[] {
  const left = [...accelerators];
  const take = (vendor: string): MacAccelerator | null => {
    const at = left.findIndex((accelerator) => accelerator.vendor === vendor);
    return at === -1 ? null : (left.splice(at, 1)[0] ?? null);
  };
  const listed = (displays ?? []).map((display) => ({ display, accelerator: take(display.vendor) }));
  const others = displays === null ? left.map((accelerator) => ({ display: null, accelerator })) : [];
  const ofMaker = new Map<string, number>();
  return [...listed, ...others].flatMap(({ display, accelerator }, index) => {
    const vendor = display?.vendor ?? accelerator?.vendor ?? null;
    if (vendor === null) return [];
    const name = display?.name ?? accelerator?.model ?? namesOfMakers[vendor];
    const number = ofMaker.get(vendor) ?? 0;
    ofMaker.set(vendor, number + 1);
    return {
      // By the maker, since the name may come after the figures; nothing in a Mac changes places.
      uuid: `mac:${vendor}:${number}`,
      index,
      name,
      vendor,
      pciBusId: null,
      driverVersion: null,
      ...memoryOf(vendor, display, accelerator, memory),
      utilizationPct: accelerator?.utilizationPct ?? { unsupported: "not-measured" },
      temperatureC: notSupported,
      powerW: notSupported,
      powerLimitW: notSupported,
      ...nothingSaid,
      atMs,
    };
  });
}

/** Intel's GPUs in Macs, as Apple's, have no memory of their own. */
function memoryOf(
  vendor: GpuFigures["vendor"],
  display: MacDisplayGpu | null,
  accelerator: MacAccelerator | null,
  memory: MacMemory,
): Pick<GpuFigures, "memoryKind" | "memoryTotalBytes" | "memoryUsedBytes"> {
  const notMeasured: Metric = { unsupported: "not-measured" };
  if (vendor === "apple") {
    return {
      memoryKind: "unified",
      memoryTotalBytes: gpuShare(memory),
      memoryUsedBytes: accelerator?.inUseBytes ?? notMeasured,
    };
  }
  if (vendor === "intel") {
    const unified: Metric = { unsupported: "unified" };
    return { memoryKind: "unified", memoryTotalBytes: unified, memoryUsedBytes: unified };
  }
  const listedBytes = display?.vramBytes ?? null;
  return {
    memoryKind: "dedicated",
    memoryTotalBytes:
      listedBytes === null ? (accelerator?.vramTotalBytes ?? notMeasured) : { value: listedBytes },
    memoryUsedBytes: accelerator?.vramUsedBytes ?? notMeasured,
  };
}

/** What a GPU of Apple may have of the machine's memory: as set, or two thirds, from 36 GiB on three quarters. */
function gpuShare({ totalBytes, wiredLimitMib }: MacMemory): Metric {
  if (wiredLimitMib !== null && wiredLimitMib > 0) return { value: wiredLimitMib * mib };
  if (totalBytes === null) return { unsupported: "not-measured" };
  return { value: Math.floor(totalBytes <= 36 * gib ? (totalBytes * 2) / 3 : (totalBytes * 3) / 4) };
}
