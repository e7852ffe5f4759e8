/** A metric of Prometheus: its samples are the text of the labels (`labelText`) and the figure. */
export interface MetricFamily {
  name: string;
  type: "gauge" | "counter";
  help: string;
  samples: Iterable<readonly [labels: string, value: number]>;
}

/** Characters that are written in one go: less than a millisecond's work. */
const roundChars = 65_536;

/** Content type of `expositionText`, of version 0.0.4 of the text format. */
export const expositionContentType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Metrics in Prometheus' text format, piece by piece; between two pieces it waits for `pause`, so that others are served.
 * A metric without samples is left out, and a figure that is none.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export async function* expositionText(
  families: Iterable<MetricFamily>,
  pause: () => Promise<void>,
): AsyncGenerator<string> {
  let text = "";
  for (const { name, type, help, samples } of families) {
    let isBegun = false;
    for (const [labels, value] of samples) {
      if (!Number.isFinite(value)) continue;
      if (!isBegun) text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
      isBegun = true;
      text += `${name}${labels} ${value}\n`;
      if (text.length < roundChars) continue;
      yield text;
      text = "";
      await pause();
    }
  }
  if (text !== "") yield text;
}

/** Labels as they stand behind a metric's name; one that is null is left out. Values may hold anything. */
export function labelText(labels: Readonly<Record<string, string | null>>): string {
  const parts = Object.entries(labels).flatMap(([name, value]) =>
    value === null ? [] : [`${name}="${escapeValue(value)}"`],
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeValue(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => (character === "\n" ? "\\n" : "\\\\"));
}
