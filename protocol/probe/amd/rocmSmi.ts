import type { Metric } from "../../metric.ts";
import { jsonAmid } from "../jsonAmid.ts";
import { firstFigure, isRecord, looseFigure, looseText, valueAt, type FigureLimits } from "../looseFigure.ts";
import { pciAddressIn } from "../pciAddress.ts";
import { amdProblem, type AmdAnswer, type AmdPart } from "./amdAnswer.ts";

/** What rocm-smi is asked; versions 4 to 7 know all of it. */
export const rocmSmiArguments =
  "--showproductname --showbus --showuse --showtemp --showpower --showmaxpower --showmeminfo vram gtt --showdriverversion --json";

type Card = Readonly<Record<string, unknown>>;

/**
 * Reads an answer of `rocm-smi … --json`: an object of cards whose values are all texts and whose keys were renamed over
 * the versions. Also where warnings stand around it.
 */
export function parseRocmSmi(text: string): AmdAnswer {
  const { value, said } = jsonAmid(text);
  const problem = amdProblem(said);
  const cards = isRecord(value) ? Object.entries(value).filter(([key]) => /^card\d{1,3}$/.test(key)) : [];
  if (cards.length === 0) {
    return { parts: [], problem: problem ?? { code: "no-devices", detail: "rocm-smi shows no card" } };
  }
  const driverVersion = looseText(valueAt(value, "system", "Driver version"), 60);
  const isDoubtful = /error|fail/i.test(said);
  const parts = cards.flatMap(([key, card]) =>
    isRecord(card) ? [partOf(Number(key.slice(4)), card, driverVersion, isDoubtful)] : [],
  );
  return { parts, problem };
}

function partOf(number: number, card: Card, driverVersion: string | null, isDoubtful: boolean): AmdPart {
  const figures = figuresOf(card);
  return {
    number,
    pciAddress: pciAddressIn(looseText(cell(card, "PCI Bus")) ?? ""),
    name: nameOf(card),
    driverVersion,
    figures: isDoubtful ? withoutZeros(figures) : figures,
    processes: null,
  };
}

function figuresOf(card: Card): AmdPart["figures"] {
  const first = (limits: FigureLimits, ...keys: readonly (string | RegExp)[]): Metric =>
    firstFigure(keys.map((key) => looseFigure(cell(card, key), limits)));
  const bytes = { min: 0, max: 1e14 };
  const watts = { min: 0, max: 20_000 };
  const sensor = (name: string): RegExp => new RegExp(`^Temperature \\(Sensor ${name}\\) \\(c\\)$`, "i");
  return {
    utilizationPct: first({ min: 0, max: 100 }, "GPU use (%)"),
    vramTotalBytes: first(bytes, "VRAM Total Memory (B)"),
    vramUsedBytes: first(bytes, "VRAM Total Used Memory (B)"),
    gttTotalBytes: first(bytes, "GTT Total Memory (B)"),
    gttUsedBytes: first(bytes, "GTT Total Used Memory (B)"),
    temperatureC: first({ min: -60, max: 250 }, sensor("edge"), sensor("junction"), sensor("mem(ory)?")),
    powerW: first(
      watts,
      "Average Graphics Package Power (W)",
      "Current Socket Graphics Package Power (W)",
      "Power (W)",
    ),
    powerLimitW: first(watts, "Max Graphics Package Power (W)"),
  };
}

function cell(card: Card, key: string | RegExp): unknown {
  if (typeof key === "string") return Object.hasOwn(card, key) ? card[key] : undefined;
  const found = Object.keys(card).find((name) => key.test(name));
  return found === undefined ? undefined : card[found];
}

/** `Card model` is at times another card's; an id is no name. "Navi 31 [Radeon RX 7900 XT]" is the latter. */
function nameOf(card: Card): string | null {
  for (const key of ["Device Name", "Card Series", "Card series"]) {
    const name = looseText(cell(card, key));
    if (name === null || name.startsWith("0x")) continue;
    return /\[([^\]]+)\]\s*$/.exec(name)?.[1] ?? name;
  }
  return null;
}

/** A GPU that hangs is answered with 0 beside an error: such a 0 is none. */
function withoutZeros(figures: AmdPart["figures"]): AmdPart["figures"] {
  const checked = Object.entries(figures).map(([name, metric]): [string, Metric] => [
    name,
    "value" in metric && metric.value === 0 ? { unsupported: "error" } : metric,
  ]);
  return Object.fromEntries(checked) as AmdPart["figures"];
}
