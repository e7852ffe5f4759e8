import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type * as z from "zod";
import { Refusal } from "../../protocol/problem.ts";
import type { Route } from "../../protocol/route.ts";
import { routes, type RouteName } from "../../protocol/routes.ts";
import { actorOf } from "../pki/identifyPeer.ts";
import type { AppLimits } from "./appLimits.ts";
import { limitBody } from "./limitBody.ts";
import { withSignsOfLife } from "./withSignsOfLife.ts";
import type { Handlers, RawAnswer, RequestContext } from "./requestContext.ts";

/** Default of the largest JSON body in bytes. */
const defaultBodyLimitBytes = 65_536;

/** Limits that a service may be given. */
export interface RouteLimits extends Pick<AppLimits, "costlyPerMinute" | "joinsPerMinute"> {
  /** Largest workspace in bytes. */
  workspaceBytes: number;
  /** Longest silence inside a workspace upload, in milliseconds. */
  uploadSilenceMs: number;
}

/** Serves every row of the route table with its handler. */
export function registerRoutes(app: FastifyInstance, handlers: Handlers, limits: RouteLimits): void {
  for (const [name, row] of Object.entries(routes) as [RouteName, Route][]) {
    const handle = handlers[name] as (context: RequestContext<RouteName>) => unknown;
    app.route({
      method: row.method,
      url: row.path.replace(/\{(\w+)\}/g, ":$1"),
      bodyLimit: row.bodyLimitBytes ?? defaultBodyLimitBytes,
      config: {
        access: row.access,
        lapsed: row.lapsed === true,
        ...(row.access === "anyone" ? { rateLimit: { max: limits.joinsPerMinute } } : {}),
        ...(row.costly === true ? { rateLimit: { max: limits.costlyPerMinute } } : {}),
      },
      handler: async (request, reply) => {
        const context = contextOf(request, reply, row, limits);
        const answer = await (row.body === "tar"
          ? withSignsOfLife(reply.raw, () => handle(context))
          : handle(context));
        if (typeof row.answer === "string") return sendRaw(reply, row, answer as RawAnswer);
        return reply.code(row.status).send(answer);
      },
    });
  }
}

function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
  row: Route,
  limits: RouteLimits,
): RequestContext<RouteName> {
  const { peer } = request;
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const key = request.headers["idempotency-key"];
  if (key !== undefined && (typeof key !== "string" || !/^[\x21-\x7e]{1,200}$/.test(key)))
    throw new Refusal("bad-request", { reason: "The Idempotency-Key is not 1 to 200 printable characters." });
  return {
    params: parse(row.params, request.params, "path"),
    query: parse(row.query, request.query, "query"),
    body: bodyOf(request, row, limits),
    peer,
    actor: peer ? actorOf(peer) : "anonymous",
    idempotencyKey: key ?? null,
    signal: gone.signal,
  } as RequestContext<RouteName>;
}

function bodyOf(request: FastifyRequest, row: Route, limits: RouteLimits): unknown {
  if (row.body === null) return undefined;
  if (row.body !== "tar") {
    if (request.body instanceof Readable)
      throw new Refusal("unsupported-media-type", { reason: "This route takes JSON." });
    return parse(row.body, request.body, "body");
  }
  if (!(request.body instanceof Readable))
    throw new Refusal("unsupported-media-type", { reason: "A workspace is a tar stream." });
  return limitBody(request.body, {
    silenceMs: limits.uploadSilenceMs,
    totalMs: null,
    bytes: limits.workspaceBytes,
  });
}

function parse(schema: z.ZodType, value: unknown, place: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join(".");
    return `${path === "" ? place : `${place} ${path}`}: ${issue.message}`;
  });
  throw new Refusal("bad-request", { reason: issues.join("; ").slice(0, 1_000) });
}

function sendRaw(reply: FastifyReply, row: Route, answer: RawAnswer): FastifyReply {
  return reply
    .code(row.status)
    .headers({ "cache-control": "no-store", ...answer.headers })
    .type(answer.contentType)
    .send(Readable.from(answer.body, { objectMode: false }));
}
