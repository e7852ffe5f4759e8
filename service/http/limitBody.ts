import { Transform, type Readable } from "node:stream";
import { Refusal } from "../../protocol/problem.ts";

/** Limits of a request body. */
export interface BodyLimits {
  /** Longest silence between two pieces, in milliseconds. */
  silenceMs: number;
  /** Longest time until the body is whole; null for streams that may take long. */
  totalMs: number | null;
  /** Most bytes; null where the parser counts. */
  bytes: number | null;
}

/**
 * The body, cut off with `request-timeout` when it dawdles and `workspace-too-large` when it grows past its limit.
 * Fastify's own time-outs do nothing for HTTP/2, so this holds for both versions.
 */
export function limitBody(body: Readable, limits: BodyLimits): Readable {
  let bytes = 0;
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      silence.refresh();
      if (limits.bytes !== null && bytes > limits.bytes)
        done(new Refusal("workspace-too-large", { bytes, limitBytes: limits.bytes }));
      else done(null, chunk);
    },
  });
  const expire = (limitMs: number): void => void limited.destroy(new Refusal("request-timeout", { limitMs }));
  const silence: NodeJS.Timeout = setTimeout(() => {
    // what is not read is silent by our own doing: its job waits for a place on its host
    if (limited.writableNeedDrain) silence.refresh();
    else expire(limits.silenceMs);
  }, limits.silenceMs);
  const total = limits.totalMs === null ? null : setTimeout(expire, limits.totalMs, limits.totalMs);
  const settle = (): void => {
    clearTimeout(silence);
    if (total) clearTimeout(total);
  };
  body.once("error", (error) => limited.destroy(error));
  body.once("aborted", () => limited.destroy(new Refusal("upload-incomplete", { bytes })));
  body.once("close", () => {
    if (!body.readableEnded) limited.destroy(new Refusal("upload-incomplete", { bytes }));
  });
  limited.once("close", settle);
  limited.once("finish", settle); // the body has come, whether or not anybody reads it
  limited.on("error", () => undefined); // whoever reads sees it; when nobody does it is no failure of the service
  return body.pipe(limited);
}
