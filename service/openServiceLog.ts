import { basename, dirname } from "node:path";
import { Writable } from "node:stream";
import { createStream } from "rotating-file-stream";

/** Where the log goes on anew, in bytes. */
const usualLimitBytes = 10 * 1_048_576;
/** So long nothing is written after a failure: a full disk ends the log for a while, never the service. */
const usualPauseMs = 60_000;

/**
 * Opens a log for its owner alone, at its end. Whoever has things written into it fills no disk: at the limit the file is
 * kept as `NAME.1`, in place of the one before. What cannot be written is lost, and later lines are written again.
 */
export function openServiceLog(
  file: string,
  { limitBytes = usualLimitBytes, pauseMs = usualPauseMs } = {},
): Writable {
  const name = basename(file);
  const nameOf = (index: number | Date | null): string =>
    index === null ? name : `${name}.${String(index)}`;
  let out: Writable | null = null;
  let failedAtMs = -Infinity;

  function open(): Writable | null {
    if (out !== null) return out;
    if (performance.now() - failedAtMs < pauseMs) return null;
    const opened = createStream(nameOf, {
      path: dirname(file),
      size: `${limitBytes}B`,
      rotate: 1,
      mode: 0o600,
    });
    for (const event of ["error", "warning"] as const)
      opened.on(event, () => {
        if (out === opened) out = null;
        failedAtMs = performance.now();
        opened.destroy();
      });
    out = opened;
    return opened;
  }

  const log = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const at = open();
      if (at === null) return done();
      at.write(chunk, () => done());
    },
    final(done) {
      if (out === null) return done();
      out.once("close", () => done());
      out.end();
    },
  });
  log.on("error", () => undefined); // a line that comes after its end
  return log;
}
