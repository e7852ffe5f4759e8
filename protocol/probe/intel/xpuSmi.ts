import type { Metric } from "../../metric.ts";
import type { GpuFigures } from "../gpuFigures.ts";
import { nothingSaid } from "../gpuHealth.ts";
import { maxDetailLength, type GpuProblem } from "../gpuProblem.ts";
import { jsonAmid } from "../jsonAmid.ts";
import { isRecord, looseFigure, looseText, type FigureLimits } from "../looseFigure.ts";
import { pciAddressIn } from "../pciAddress.ts";

/** What `xpu-smi discovery -j` says of a GPU. */
export interface XpuDevice {
  number: number;
  name: string;
  pciAddress: string | null;
  driverVersion: string | null;
  memoryTotalBytes: Metric;
}

/** Metrics to ask `xpu-smi dump -m` for: utilisation, power, core temperature, memory used. */
export const xpuSmiDumpMetrics = "0,1,3,18";

const mib = 1024 ** 2;
const maxGpus = 256;

/** Reads `xpu-smi discovery -j`; without a GPU its list is a sentence. */
export function parseXpuDiscovery(text: string): { devices: XpuDevice[]; problem: GpuProblem | null } {
  const { value, said } = jsonAmid(text);
  const list = isRecord(value) ? value["device_list"] : undefined;
  if (!Array.isArray(list)) {
    const detail = (looseText(list) ?? said) || "xpu-smi shows no device";
    const code = list === undefined && said !== "" ? "tool-message" : "no-devices";
    return { devices: [], problem: { code, detail: detail.slice(0, maxDetailLength) } };
  }
  const devices = list
    .slice(0, maxGpus)
    .flatMap((item: unknown) => (isRecord(item) ? (deviceOf(item) ?? []) : []));
  return { devices, problem: null };
}

function deviceOf(item: Readonly<Record<string, unknown>>): XpuDevice | null {
  const number = Number(item["device_id"]);
  const name = looseText(item["device_name"]);
  if (!Number.isInteger(number) || number < 0 || name === null) return null;
  return {
    number,
    name: name.replaceAll(/\((?:R|TM)\)/gi, ""),
    pciAddress: pciAddressIn(looseText(item["pci_bdf_address"]) ?? ""),
    driverVersion: looseText(item["driver_version"], 60),
    memoryTotalBytes: looseFigure(item["memory_physical_size_byte"], { min: 0, max: 1e14 }),
  };
}

/** What a row of the dump says of a device. */
export interface XpuRow {
  number: number;
  figures: Pick<GpuFigures, "utilizationPct" | "memoryUsedBytes" | "temperatureC" | "powerW">;
}

/**
 * Reads `xpu-smi dump` line by line: a header that names its columns, then rows; a missing figure is "N/A" or an empty cell by
 * version, utilisation and memory at times come with the second row only, and some versions have a column for tiles.
 */
export class XpuDump {
  #columns: readonly string[] = [];

  /** Takes a line; null where it is no row of a device. */
  line(text: string): XpuRow | null {
    const cells = text.split(",").map((cell) => cell.trim());
    if (cells[0] === "Timestamp") {
      this.#columns = cells;
      return null;
    }
    const number = Number(this.#cell(cells, /^DeviceId$/) || Number.NaN);
    if (cells.length !== this.#columns.length || !Number.isInteger(number) || number < 0) return null;
    const figure = (column: RegExp, limits: FigureLimits): Metric =>
      looseFigure(this.#cell(cells, column), limits);
    return {
      number,
      figures: {
        utilizationPct: figure(/^GPU Utilization \(%\)/, { min: 0, max: 100 }),
        memoryUsedBytes: figure(/^GPU Memory Used \(MiB\)/, { min: 0, max: 1e8, scale: mib }),
        temperatureC: figure(/^GPU Core Temperature/, { min: -60, max: 250 }),
        powerW: figure(/^GPU Power \(W\)/, { min: 0, max: 20_000 }),
      },
    };
  }

  #cell(cells: readonly string[], column: RegExp): string | undefined {
    const at = this.#columns.findIndex((name) => column.test(name));
    return at === -1 ? undefined : cells[at];
  }
}

/** A device with its newest row; without one, its figures are not measured yet. */
export function xpuGpu(device: XpuDevice, row: XpuRow | null, atMs: number): GpuFigures {
  const none: Metric = { unsupported: "not-measured" };
  const { number, name, pciAddress, driverVersion, memoryTotalBytes } = device;
  return {
    uuid: pciAddress === null ? `intel:${number}` : `pci:${pciAddress}`,
    index: number,
    name,
    vendor: "intel",
    pciBusId: pciAddress,
    driverVersion,
    memoryKind: "dedicated",
    memoryTotalBytes,
    ...(row?.figures ?? { utilizationPct: none, memoryUsedBytes: none, temperatureC: none, powerW: none }),
    powerLimitW: { unsupported: "not-supported" },
    ...nothingSaid,
    atMs,
  };
}
