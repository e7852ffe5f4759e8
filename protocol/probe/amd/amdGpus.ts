import type { Metric } from "../../metric.ts";
import type { GpuFigures } from "../gpuFigures.ts";
import { nothingSaid } from "../gpuHealth.ts";
import { firstFigure } from "../looseFigure.ts";
import { amdFigureNames, type AmdFigures, type AmdPart } from "./amdAnswer.ts";

/** GPUs inside a processor: their VRAM is a small carve-out of the machine's memory, and they use the rest as GTT. */
const integratedName =
  /\b(?:[678]\d0M|80[4-6]0S)\b|\bRadeon(?: Vega)?(?: \d+)? Graphics\b|\bRaven|Renoir|Cezanne|Rembrandt|Phoenix|Strix|Raphael|Krackan|Mendocino/i;
const carveOutBytes = 2 * 1024 ** 3;

/**
 * Puts together what several answers say of the same GPUs, each with its first figure: the number tells which is which, the
 * PCI address is its name for good, since AMD's own ids are not there, or not unique, on many cards.
 */
export function amdGpus(answers: readonly (readonly AmdPart[])[], atMs: number): GpuFigures[] {
  const byNumber = new Map<number, AmdPart[]>();
  for (const part of answers.flat()) byNumber.set(part.number, [...(byNumber.get(part.number) ?? []), part]);
  return [...byNumber].sort(([a], [b]) => a - b).map(([number, parts]) => gpuOf(number, parts, atMs));
}

function gpuOf(number: number, parts: readonly AmdPart[], atMs: number): GpuFigures {
  const first = <Key extends "pciAddress" | "name" | "driverVersion">(key: Key): AmdPart[Key] =>
    parts.find((part) => part[key] !== null)?.[key] ?? null;
  const figures = Object.fromEntries(
    amdFigureNames.map((name) => [name, firstFigure(parts.map((part) => part.figures[name]))]),
  ) as AmdFigures;
  const pciAddress = first("pciAddress");
  const name = first("name");
  return {
    uuid: amdKey(pciAddress, number),
    index: number,
    name: name ?? "AMD GPU",
    vendor: "amd",
    pciBusId: pciAddress,
    driverVersion: first("driverVersion"),
    ...amdMemory(name, figures),
    utilizationPct: figures.utilizationPct,
    temperatureC: figures.temperatureC,
    powerW: figures.powerW,
    powerLimitW: figures.powerLimitW,
    ...nothingSaid,
    atMs,
  };
}

/** What a GPU of AMD is known by. */
export function amdKey(pciAddress: string | null, number: number): string {
  return pciAddress === null ? `amd:${number}` : `pci:${pciAddress}`;
}

/** Memory that a program can have: the card's own, or the carve-out and GTT together where they are one memory. */
export function amdMemory(
  name: string | null,
  figures: Pick<AmdFigures, "vramTotalBytes" | "vramUsedBytes" | "gttTotalBytes" | "gttUsedBytes">,
): Pick<GpuFigures, "memoryKind" | "memoryTotalBytes" | "memoryUsedBytes"> {
  const { vramTotalBytes, vramUsedBytes, gttTotalBytes, gttUsedBytes } = figures;
  if (!isIntegrated(name, vramTotalBytes, gttTotalBytes)) {
    return { memoryKind: "dedicated", memoryTotalBytes: vramTotalBytes, memoryUsedBytes: vramUsedBytes };
  }
  return {
    memoryKind: "unified",
    memoryTotalBytes: sum(vramTotalBytes, gttTotalBytes),
    memoryUsedBytes: sum(vramUsedBytes, gttUsedBytes),
  };
}

function isIntegrated(name: string | null, vram: Metric, gtt: Metric): boolean {
  if (name !== null && integratedName.test(name)) return true;
  if (name !== null && !/^AMD GPU$|^0x/i.test(name)) return false;
  return "value" in vram && "value" in gtt && vram.value <= carveOutBytes && gtt.value > vram.value;
}

/** A part that nobody told makes the sum untold: the rest alone would look like all of it. */
function sum(a: Metric, b: Metric): Metric {
  return "value" in a && "value" in b ? { value: a.value + b.value } : { unsupported: "unified" };
}
