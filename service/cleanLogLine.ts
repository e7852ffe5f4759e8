import { hideSecrets, isSecretName } from "../protocol/hideSecrets.ts";

/**
 * A line of the log, a JSON object, without secrets: under names that say so, and in every text. All that is logged goes
 * through here on its way to the file. Never throws.
 */
export function cleanLogLine(line: string): string {
  try {
    return `${JSON.stringify(clean(JSON.parse(line)))}\n`;
  } catch {
    return `${JSON.stringify({ level: 50, msg: "a line that could not be cleaned of secrets was left out" })}\n`;
  }
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return hideSecrets(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      hideSecrets(name),
      isSecretName(name) ? "<hidden>" : clean(inner),
    ]),
  );
}
