import type { FastifyInstance } from "fastify";
import { Refusal } from "../../protocol/problem.ts";
import type { AppLimits } from "./appLimits.ts";

/**
 * Refuses requests with too large a head. Node does so itself for HTTP/1.1, and for HTTP/2 once the client has said that
 * it knows the limit: one that never says so may send a hundred times as much.
 */
export function limitHeads(app: FastifyInstance, limits: AppLimits): void {
  app.addHook("onRequest", (request, _reply, done) => {
    let bytes = 0;
    for (const part of request.raw.rawHeaders) bytes += part.length;
    const reason = "Its headers are too large.";
    done(bytes > limits.headerBytes ? new Refusal("bad-request", { reason }) : undefined);
  });
}
