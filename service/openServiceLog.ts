import { basename, dirname } from "node:path";
import type { Writable } from "node:stream";
import { createStream } from "rotating-file-stream";

/** Where the log goes on anew, in bytes. */
const usualLimitBytes = 10 * 1_048_576;

/**
 * Opens a log for its owner alone, at its end. Whoever has things written into it fills no disk: at the limit the file is
 * kept as `NAME.1`, in place of the one before.
 */
export function openServiceLog(file: string, limitBytes = usualLimitBytes): Writable {
  const name = basename(file);
  const nameOf = (index: number | Date | null): string =>
    index === null ? name : `${name}.${String(index)}`;
  const log = createStream(nameOf, {
    path: dirname(file),
    size: `${limitBytes}B`,
    rotate: 1,
    mode: 0o600,
  });
  for (const event of ["error", "warning"] as const) log.on(event, () => undefined); // a full disk ends the log, not the service
  return log;
}
