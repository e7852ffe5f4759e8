import { createHash } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { Refusal } from "../../protocol/problem.ts";
import type { After } from "./dispatchDeps.ts";
import { within } from "./within.ts";

/** What was sent of an archive. `whole` is false when the host took no more; it says why itself. */
export interface SentArchive {
  bytes: number;
  sha256: string;
  whole: boolean;
}

export interface SendOptions {
  host: string;
  after: After;
  stallMs: number;
  signal: AbortSignal;
  /** Fulfils when the host has spoken its last word on the archive, whatever is still to be sent. */
  answered?: Promise<unknown>;
}

/**
 * Sends an archive to a host's stdin and ends it, no faster than the host takes it. The archive is used up or destroyed
 * in every case. Rejects with `upload-incomplete` when the archive breaks off or stalls, with `dispatch-timeout` when
 * the host stalls, or with the signal's reason.
 */
export async function sendArchive(
  archive: Readable,
  stdin: Writable,
  options: SendOptions,
): Promise<SentArchive> {
  const hash = createHash("sha256");
  const refused = whenRefused(stdin, options.answered);
  let bytes = 0;
  const incomplete = (): Error => new Refusal("upload-incomplete", { bytes });
  try {
    const chunks: AsyncIterator<unknown> = archive[Symbol.asyncIterator]();
    for (;;) {
      const chunk = nextChunk(chunks, refused.promise);
      const next = await within(chunk, limits(options, incomplete)).catch((error: unknown) => {
        options.signal.throwIfAborted();
        throw error instanceof Refusal
          ? error
          : new Refusal("upload-incomplete", { bytes }, { cause: error });
      });
      if (next === "end") break;
      if (next === false || refused.yet() || !(await writeChunk(stdin, next, options, refused.promise)))
        return { bytes, sha256: hash.digest("hex"), whole: false };
      hash.update(next);
      bytes += next.length;
    }
    if (archive.errored || !archive.readableEnded) throw incomplete();
    return { bytes, sha256: hash.digest("hex"), whole: await endStdin(stdin, options, refused.promise) };
  } finally {
    archive.on("error", () => {});
    archive.destroy();
    stdin.end();
  }
}

/** The archive's next bytes or its end; false when the host takes no more. */
async function nextChunk(
  chunks: AsyncIterator<unknown>,
  refused: Promise<false>,
): Promise<Buffer | "end" | false> {
  const next = await Promise.race([chunks.next(), refused]);
  if (next === false) return false;
  return next.done ? "end" : Buffer.from(next.value as Uint8Array);
}

function limits(options: SendOptions, late: () => Error): Parameters<typeof within>[1] {
  return { after: options.after, limitMs: options.stallMs, late, signal: options.signal };
}

function stalled(options: SendOptions): () => Error {
  return () => new Refusal("dispatch-timeout", { host: options.host, limitMs: options.stallMs });
}

/** Writes a chunk and waits until there is room again; false when the host takes no more. */
async function writeChunk(
  stdin: Writable,
  chunk: Buffer,
  options: SendOptions,
  refused: Promise<false>,
): Promise<boolean> {
  if (stdin.write(chunk)) return true;
  const room = Promise.withResolvers<boolean>();
  const drained = (): void => room.resolve(true);
  stdin.once("drain", drained);
  try {
    return await within(Promise.race([room.promise, refused]), limits(options, stalled(options)));
  } finally {
    stdin.off("drain", drained);
  }
}

async function endStdin(stdin: Writable, options: SendOptions, refused: Promise<false>): Promise<boolean> {
  const finished = Promise.withResolvers<boolean>();
  stdin.once("finish", () => finished.resolve(true));
  stdin.end();
  return within(Promise.race([finished.promise, refused]), limits(options, stalled(options)));
}

function whenRefused(
  stdin: Writable,
  answered?: Promise<unknown>,
): { yet: () => boolean; promise: Promise<false> } {
  const gate = Promise.withResolvers<false>();
  let refused = false;
  const refuse = (): void => {
    refused = true;
    gate.resolve(false);
  };
  void answered?.then(refuse, refuse);
  stdin.on("error", refuse);
  stdin.once("close", refuse);
  return { yet: () => refused || stdin.destroyed, promise: gate.promise };
}
