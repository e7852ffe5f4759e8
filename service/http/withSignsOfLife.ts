import type { ServerResponse } from "node:http";
import { Http2ServerResponse } from "node:http2";

const signEveryMs = 20_000;

/**
 * Tells the client from time to time that its request is still being worked on (102, RFC 2518 §10.1), so that it does
 * not take the service for hung: a workspace may wait until its host has a place for its job.
 */
export async function withSignsOfLife<T>(
  response: ServerResponse | Http2ServerResponse,
  work: () => T,
  everyMs: number = signEveryMs,
): Promise<Awaited<T>> {
  const timer = setInterval(() => {
    if (response.headersSent || response.writableEnded || response.destroyed) return;
    if (response instanceof Http2ServerResponse) response.stream.additionalHeaders({ ":status": 102 });
    else response.writeProcessing();
  }, everyMs);
  try {
    return await work(); // also ended when the work throws before it waits for anything
  } finally {
    clearInterval(timer);
  }
}
