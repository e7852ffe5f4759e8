/** How grave a line of the extension's log is. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** Where the extension writes what it does. `detail` may name hosts: it is shown on this machine, and kept nowhere. */
export type FleetLog = Record<LogLevel, (message: string, detail?: string) => void>;

/** A log that passes on to another and keeps the last lines, for diagnostics. */
export interface LogMemory extends FleetLog {
  /** The kept lines, oldest first: `2026-01-31T09:00:00.000Z info text`. */
  lines(): readonly string[];
}

const mostLines = 300;
const levels = ["trace", "debug", "info", "warn", "error"] as const;

/** Everything from `debug` on is kept, whatever the other log shows. */
export function createLogMemory(
  to: Record<LogLevel, (message: string) => void>,
  now: () => number,
): LogMemory {
  const kept: string[] = [];
  const writer = (level: LogLevel) => (message: string, detail?: string) => {
    to[level](detail === undefined ? message : `${message} ${detail}`);
    if (level === "trace") return;
    kept.push(`${new Date(now()).toISOString()} ${level} ${message}`);
    if (kept.length > mostLines) kept.shift();
  };
  const writers = Object.fromEntries(levels.map((level) => [level, writer(level)])) as FleetLog;
  return { ...writers, lines: () => kept };
}
