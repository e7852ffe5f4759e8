import type { FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "../../protocol/problem.ts";

/**
 * Asks for the body that a client holds back until it is wanted (RFC 9110 §10.1.1). Refuses what HTTP knows and this
 * service has no use for: other expectations, and CONNECT.
 */
export function meetExpectation(request: FastifyRequest, reply: FastifyReply): void {
  if (request.method === "CONNECT")
    throw new Refusal("bad-request", { reason: "This service is no proxy: it takes no CONNECT." });
  const { expect } = request.headers;
  if (expect === undefined) return;
  if (expect.toLowerCase() !== "100-continue")
    throw new Refusal("bad-request", { reason: "Its Expect header is not understood." });
  reply.raw.writeContinue();
}
