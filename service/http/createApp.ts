import type { Http2ServerRequest } from "node:http2";
import type { Readable } from "node:stream";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import websocket from "@fastify/websocket";
import rateLimit from "@fastify/rate-limit";
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { roles } from "../../protocol/ids.ts";
import type { Access } from "../../protocol/route.ts";
import { problemOfError, Refusal } from "../../protocol/problem.ts";
import { routes } from "../../protocol/routes.ts";
import type { RefusedAccess } from "../pki/createRefusals.ts";
import type { Peer } from "../pki/identifyPeer.ts";
import { dropUnreadBodies, dropUnreadBody } from "./dropUnreadBody.ts";
import { addressGroup } from "./addressGroup.ts";
import { meetExpectation } from "./meetExpectation.ts";
import { nodeLimits, type AppLimits } from "./appLimits.ts";
import { endConnections } from "./endConnections.ts";
import { checkUpgrade } from "./checkUpgrade.ts";
import { limitBody } from "./limitBody.ts";
import { limitControlFrames } from "./limitControlFrames.ts";
import { limitHeads } from "./limitHeads.ts";
import { limitIdleConnections } from "./limitIdleConnections.ts";
import { limitUnreadAnswers } from "./limitUnreadAnswers.ts";
import { limitStrangers, type TurnedAway } from "./limitStrangers.ts";
import { problemOfThrown, replyProblem } from "./problemReply.ts";
import { rateKey } from "./rateKey.ts";
import { answerUnreadable } from "./answerUnreadable.ts";
import { watchBrokenHttp2 } from "./watchBrokenHttp2.ts";
import { serveHeldBack } from "./serveHeldBack.ts";
import { methodOf, serveUnknownMethods } from "./serveUnknownMethods.ts";

/** What the HTTP server needs before it has routes. */
export interface AppNeeds {
  /** Key, certificates and authorities to begin with. */
  tls: SecureContextOptions;
  /** Who a connection is; throws the Refusal for those who are nobody here. */
  identify: (socket: TLSSocket, alsoLapsed?: boolean) => Peer;
  /** Whose bundle token this is; null for nobody's. */
  memberOfToken: (token: string) => Peer | null;
  log: FastifyBaseLogger;
  limits: AppLimits;
  /** Told of everybody who was refused for what they are. */
  refused: (refused: RefusedAccess) => void;
}

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
    lapsed?: boolean;
  }
  interface FastifyRequest {
    peer: Peer | null;
  }
}

/** What was asked for, of what cannot be read. */
const notHttp = "what is no HTTP";

/** Node would answer a request without Host itself, without a problem document. */
const parsing = { requireHostHeader: false };

/**
 * A server without routes: TLS 1.3 with optional client certificates, HTTP/2 and HTTP/1.1 on one port, WebSocket,
 * identity and role on every request, problem documents for every failure. It does not listen yet.
 */
export async function createApp(needs: AppNeeds): Promise<FastifyInstance> {
  const served = fastify({
    http2: true,
    https: {
      allowHTTP1: true,
      ...needs.tls,
      requestCert: true,
      // eslint-disable-next-line no-restricted-syntax -- joining has no certificate yet; authorise() refuses all else
      rejectUnauthorized: false,
      ...nodeLimits(needs.limits),
      ...parsing,
    },
    loggerInstance: needs.log,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    clientErrorHandler: (error, socket) =>
      answerUnreadable(error, socket, () => turnedAway(socket as TLSSocket, notHttp)),
    // A HEAD of a log that is followed would wait for its end.
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
    // Of a path that cannot be read; who may not ask anything is told that first.
    frameworkErrors(error, raw, reply) {
      const request = raw as unknown as FastifyRequest;
      const away = turnedAway(socketOf(request), `${methodOf(request)} an unknown path`);
      if (away !== null && away.retryAfterS > 0) void reply.header("retry-after", away.retryAfterS);
      const problem = problemOfThrown(away?.refusal ?? error, request, logUnder(needs.log));
      dropUnreadBody(request, reply.raw);
      void replyProblem(reply as unknown as FastifyReply, problem);
    },
  });
  // Fastify's types carry the server's kind through every signature; nothing here depends on it.
  const app = served as unknown as FastifyInstance;
  app.decorateRequest("peer", null);
  app.addHook("onRoute", ({ config, method, url }) => {
    if (config?.access === undefined)
      throw new TypeError(`${String(method)} ${url} does not say whom it admits`);
  });
  dropUnreadBodies(app);
  const strangers = limitStrangers(app, {
    ...needs,
    socketOf,
    isReturning: (request) => isReturning(request, needs),
  });
  /** What a stranger is told where no hook looks at the request; counted. Null for a member. */
  const turnedAway = (socket: TLSSocket, request: string): TurnedAway | null => {
    const away = strangers.turnAway(socket);
    if (away === null) return null;
    strangers.noteTurnedAway(socket, away);
    const from = addressGroup(socket.remoteAddress ?? "");
    needs.refused({ from, isMember: false, code: away.refusal.code, request });
    return away;
  };
  app.addHook("onRequest", (request, _reply, done) => {
    authorise(request, needs);
    checkUpgrade(request);
    done();
  });
  limitHeads(app, needs.limits);
  limitUnreadAnswers(app, needs.limits);
  await app.register(rateLimit, {
    max: needs.limits.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => rateKey(request.peer, request.ip),
    errorResponseBuilder: (_request, context) =>
      new Refusal("rate-limited", { max: context.max, window: context.after }),
  });
  await app.register(websocket, { options: { maxPayload: 65_536, perMessageDeflate: false } });
  app.addHook("preParsing", (request, reply, payload, done) => {
    meetExpectation(request, reply);
    done(null, payload);
  });
  parseBodies(app, needs.limits);
  app.setErrorHandler((error, request, reply) => {
    if (reply.raw.headersSent) return void reply.raw.destroy();
    noteRefusal(request, error, needs);
    return replyProblem(reply, problemOfThrown(error, request, logUnder(needs.log)));
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => replyUnserved(request, reply));
  serveHeldBack(served.server);
  serveUnknownMethods(served.server);
  watchBrokenHttp2(served.server, (socket) => void turnedAway(socket, notHttp));
  // A signature that does not fit leaves an error with OpenSSL, which the first read would take for its own: asking for
  // the certificate clears it.
  served.server.prependListener("secureConnection", (socket: TLSSocket) => {
    socket.getPeerX509Certificate();
  });
  const endAll = endConnections(served.server);
  app.addHook("preClose", (done) => {
    endAll();
    done();
  });
  limitIdleConnections(served.server, needs.limits);
  limitControlFrames(served.server, needs.limits);
  return app;
}

function authorise(request: FastifyRequest, needs: AppNeeds): void {
  // A request that no row of the table serves is told so to members only.
  const access = request.is404 ? roles : (request.routeOptions.config.access ?? []);
  if (access === "anyone") return;
  if (access === "bearer") {
    request.peer = certifiedOrBearer(request, needs);
    return;
  }
  const peer = needs.identify(socketOf(request), request.routeOptions.config.lapsed);
  request.peer = peer;
  if (!access.includes(peer.role))
    throw new Refusal("role-insufficient", {
      needed: access.join(" or "),
      member: peer.member,
      role: peer.role,
    });
  const { host } = request.params as { host?: string };
  if (peer.role === "agent" && host !== undefined && host !== peer.member)
    throw new Refusal("agent-mismatch", { own: peer.member, host });
}

/** Whether a route that lets members back in would know who asks: by a certificate that has run out, or a bundle token. */
function isReturning(request: FastifyRequest, needs: AppNeeds): boolean {
  const { access, lapsed } = request.routeOptions.config;
  if (access !== "bearer" && lapsed !== true) return false;
  try {
    authorise(request, needs);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** The member by its certificate where that is in force, else by its bundle token. Throws what is wrong with the first. */
function certifiedOrBearer(request: FastifyRequest, needs: AppNeeds): Peer {
  try {
    return needs.identify(socketOf(request));
  } catch (error) {
    const peer = error instanceof Refusal ? bearer(request, needs) : null;
    if (peer === null) throw error;
    return peer;
  }
}

/** The member by its bundle token; null when there is no token, or none that counts. */
function bearer(request: FastifyRequest, needs: AppNeeds): Peer | null {
  const token = /^Bearer ([A-Za-z0-9_-]{20,200})$/.exec(request.headers.authorization ?? "")?.[1];
  return token === undefined ? null : needs.memberOfToken(token);
}

/** Tells of requests that were refused for who makes them, also those of joiners. */
function noteRefusal(request: FastifyRequest, error: unknown, needs: AppNeeds): void {
  const { code, status } = problemOfError(error);
  // A stranger who is told to wait goes on being counted. Two who ask with one certificate show that it was stolen.
  const isStrangers = request.peer === null && (status === 429 || code === "member-revoked");
  const isRefused = status === 401 || status === 403 || isStrangers || code === "another-asks";
  if (!isRefused) return;
  const path = request.routeOptions.url ?? "an unknown path";
  const from = request.peer?.member ?? addressGroup(request.ip);
  needs.refused({ from, isMember: request.peer !== null, code, request: `${methodOf(request)} ${path}` });
}

/** The TLS socket under a request of either HTTP version. */
export function socketOf(request: FastifyRequest): TLSSocket {
  const raw = request.raw as unknown as Partial<Http2ServerRequest>;
  return (raw.stream?.session?.socket ?? raw.socket) as TLSSocket;
}

function parseBodies(app: FastifyInstance, limits: AppLimits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string" },
    app.getDefaultJsonParser("error", "error"),
  );
  app.addContentTypeParser("application/x-tar", (_request, payload, done) => done(null, payload));
  app.addHook("preParsing", (request, _reply, payload, done) => {
    const encoding = request.headers["content-encoding"] ?? "identity";
    if (encoding.toLowerCase() !== "identity")
      return done(new Refusal("unsupported-media-type", { reason: "Bodies are taken uncompressed." }));
    const takesBody = request.method !== "GET" && request.method !== "HEAD";
    const isJson = takesBody && /^application\/json\b/i.test(request.headers["content-type"] ?? "");
    if (!isJson) return done(null, payload);
    done(
      null,
      limitBody(payload as Readable, { silenceMs: limits.bodyMs, totalMs: limits.bodyMs, bytes: null }),
    );
  });
}

function replyUnserved(request: FastifyRequest, reply: Parameters<typeof replyProblem>[0]) {
  const path = request.url.split("?", 1)[0] ?? "";
  const allowed = Object.values(routes)
    .filter((row) => new RegExp(`^${row.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(path))
    .map((row) => row.method);
  const facts = { method: methodOf(request), path: path.slice(0, 200) };
  if (allowed.length === 0)
    return replyProblem(
      reply,
      problemOfThrown(new Refusal("route-not-found", facts), request, () => undefined),
    );
  const refusal = new Refusal("method-not-allowed", { ...facts, allowed: allowed.join(", ") });
  return replyProblem(
    reply.header("allow", allowed.join(", ")),
    problemOfThrown(refusal, request, () => undefined),
  );
}

function logUnder(log: FastifyBaseLogger): (reference: string, error: unknown) => void {
  return (reference, error) => log.error({ reference, err: error }, "a request failed");
}
