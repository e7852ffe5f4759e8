import type { Metric, UnsupportedReason } from "../metric.ts";

/** What a figure may be; outside of it, it is a misreading. */
export interface FigureLimits {
  min: number;
  max: number;
  /** The figure is the printed number times this, as a whole number. */
  scale?: number;
}

const absent = /^(n\/a\b.*|none|null|unknown|not supported|-|)$/i;

/**
 * A figure from a tool that is free with its forms: a number, "36", "36.5 W", "(500Mhz)", `{value, unit}`, "N/A". What is not
 * there at all is a field that this tool does not know; what is no plausible number is an error. Never 0 for a reason.
 */
export function looseFigure(raw: unknown, limits: FigureLimits): Metric {
  if (raw === undefined) return { unsupported: "unknown-field" };
  if (raw === null) return { unsupported: "not-supported" };
  if (typeof raw === "number") return inLimits(raw, limits);
  if (typeof raw === "string") return textFigure(raw.trim(), limits);
  if (isRecord(raw) && "value" in raw) return looseFigure(raw["value"], limits);
  return { unsupported: "error" };
}

/** The first of several that is a figure; where none is, the reason that says most. */
export function firstFigure(metrics: readonly Metric[]): Metric {
  const found = metrics.find((metric) => "value" in metric);
  if (found !== undefined) return found;
  const reasons = metrics.flatMap((metric) => ("unsupported" in metric ? [metric.unsupported] : []));
  const telling = reasons.find((reason) => reason !== "unknown-field") ?? "unknown-field";
  return { unsupported: telling satisfies UnsupportedReason };
}

/** A value of a JSON answer down a path; where a section on the way is a text ("N/A"), that text. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here === "string") return here;
    if (!isRecord(here)) return undefined;
    here = Object.hasOwn(here, key) ? here[key] : undefined;
  }
  return here;
}

/** A text of a tool, cleaned and cut; null where it is none, or says that there is none. */
export function looseText(raw: unknown, maxLength = 200): string | null {
  if (typeof raw !== "string") return null;
  const text = raw.trim();
  return absent.test(text) ? null : text.slice(0, maxLength);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textFigure(text: string, limits: FigureLimits): Metric {
  if (absent.test(text)) return { unsupported: "not-supported" };
  const match = /^\(?(-?\d+(?:\.\d+)?) ?(?:%|W|C|B|MB|MiB|MHz)?\)?$/i.exec(text);
  return match === null ? { unsupported: "error" } : inLimits(Number(match[1]), limits);
}

function inLimits(value: number, { min, max, scale }: FigureLimits): Metric {
  if (!(value >= min && value <= max)) return { unsupported: "error" };
  return { value: scale === undefined ? value : Math.round(value * scale) };
}
