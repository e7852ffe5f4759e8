import { randomBytes } from "node:crypto";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { problemOf, Refusal, type Problem } from "../../protocol/problem.ts";

/** Facts of the request that a problem's sentences may name. */
type RequestFacts = Pick<FastifyRequest, "method" | "url">;

/** The problem document for anything a handler or the framework threw. What is unforeseen is logged under a reference. */
export function problemOfThrown(
  error: unknown,
  request: RequestFacts,
  log: (reference: string, error: unknown) => void,
): Problem {
  if (error instanceof Refusal) return problemOf(error.code, error.facts);
  const { code = "", statusCode = 500, message } = error as Partial<FastifyError>;
  switch (code) {
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return problemOf("broken-json", { reason: "The body is empty or not JSON." });
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return problemOf("body-too-large", { limitBytes: limitOf(request) });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return problemOf("unsupported-media-type", {
        reason: "The content type of the body is not accepted here.",
      });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return problemOf("bad-request", { reason: "The body is not as long as its content-length says." });
  }
  if (error instanceof SyntaxError) return problemOf("broken-json", { reason: "The body is not JSON." });
  if (statusCode >= 400 && statusCode < 500)
    return problemOf("bad-request", {
      reason: (message ?? "The request cannot be read.").slice(0, 200),
    });
  const reference = randomBytes(6).toString("hex");
  log(reference, error);
  return problemOf("internal", { reference });
}

/** Sends a problem document. */
export function replyProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  // Fastify asks to close after a body that could not be read; HTTP/2 has no such header and warns.
  if (reply.request.raw.httpVersionMajor > 1) reply.removeHeader("connection");
  return reply
    .code(problem.status ?? 500)
    .type("application/problem+json")
    .send(JSON.stringify(problem));
}

function limitOf(request: RequestFacts): number {
  return (request as FastifyRequest).routeOptions.bodyLimit;
}
