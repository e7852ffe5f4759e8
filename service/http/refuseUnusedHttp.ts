import type { FastifyRequest } from "fastify";
import { Refusal } from "../../protocol/problem.ts";

/** Refuses what HTTP knows and this service has no use for: CONNECT, and expectations but that of RFC 9110 §10.1.1. */
export function refuseUnusedHttp(request: FastifyRequest): void {
  if (request.method === "CONNECT")
    throw new Refusal("bad-request", { reason: "This service is no proxy: it takes no CONNECT." });
  const { expect } = request.headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue")
    throw new Refusal("bad-request", { reason: "Its Expect header is not understood." });
}
