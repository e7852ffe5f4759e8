import type { Http2SecureServer } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Refusal } from "../../protocol/problem.ts";
import { addressGroup } from "./addressGroup.ts";
import type { AppLimits } from "./appLimits.ts";
import { createFailureCounts } from "./createFailureCounts.ts";
import { limitConnections, type Connections } from "./limitConnections.ts";

/** Most addresses whose failures are remembered. */
const rememberedAddresses = 10_000;

/** What the limits of strangers need. */
export interface StrangerNeeds {
  limits: AppLimits;
  /** Who a connection is; throws for those who are nobody here. */
  identify: (socket: TLSSocket) => { member: string };
  socketOf: (request: FastifyRequest) => TLSSocket;
  /** Whether it comes from somebody who belongs though no certificate in force says so: one that has run out, a bundle token. */
  isReturning: (request: FastifyRequest) => boolean;
}

/**
 * Bounds connections, and slows addresses that keep failing: a refused certificate or join, or a handshake broken off.
 * What comes from there without a member's certificate is answered `rate-limited` before anything else looks at it;
 * members from the same address are not touched, nor those who are on their way back.
 */
export function limitStrangers(app: FastifyInstance, needs: StrangerNeeds): void {
  const { limits, socketOf } = needs;
  const failures = createFailureCounts({
    perMinute: limits.failuresPerMinute,
    capacity: rememberedAddresses,
    nowMs: () => performance.now(),
  });
  const connections: Connections = limitConnections(app.server as unknown as Http2SecureServer, {
    limits,
    memberOf: (socket) => memberOf(socket, needs),
    onBrokenHandshake: (group) => failures.note(group),
  });

  app.addHook("onRequest", (request, reply, done) => {
    if (connections.isMember(socketOf(request))) return done();
    const waitS = Math.ceil(failures.waitMs(addressGroup(request.ip)) / 1_000);
    if (waitS === 0 || needs.isReturning(request)) return done();
    void reply.header("retry-after", waitS);
    done(new Refusal("rate-limited", { max: `${limits.failuresPerMinute} failed`, window: "1 minute" }));
  });
  app.addHook("onSend", (request, reply, payload, done) => {
    const { statusCode } = reply;
    const isJoin = request.routeOptions.config.access === "anyone";
    if (statusCode === 401) connections.refused(socketOf(request));
    if (statusCode === 401 || (isJoin && statusCode >= 400 && statusCode < 500 && statusCode !== 429))
      failures.note(addressGroup(request.ip));
    done(null, payload);
  });
}

function memberOf(socket: TLSSocket, { identify }: StrangerNeeds): string | null {
  try {
    return identify(socket).member;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
