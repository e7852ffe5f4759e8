import { METHODS } from "node:http";
import type { Http2SecureServer } from "node:http2";
import type { FastifyRequest } from "fastify";

/** A method that no route has and that every hook looks at. */
const standIn = "TRACE";

const asked = new WeakMap<object, string>();

/**
 * Serves as requests like any other those whose method is none of HTTP's own, as HTTP/2 lets through. Fastify would answer
 * them past every hook, the one that looks who asks first, and write two lines for each into the log.
 */
export function serveUnknownMethods(server: Http2SecureServer): void {
  server.prependListener("request", (request: { method: string }) => {
    if (METHODS.includes(request.method)) return;
    asked.set(request, request.method.slice(0, 20));
    request.method = standIn;
  });
}

/** The method that was asked for. */
export function methodOf({ raw, method }: Pick<FastifyRequest, "raw" | "method">): string {
  return asked.get(raw) ?? method;
}
