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

/** What somebody is told who is no member, or none any more. */
export interface TurnedAway {
  refusal: Refusal;
  /** Seconds to wait, where that is what is told; else 0. */
  retryAfterS: number;
}

/** Strangers where no route looks at them. */
export interface Strangers {
  /** What this connection is told whatever it asks; null for a member's. */
  turnAway(socket: TLSSocket): TurnedAway | null;
  /** It was turned away where no reply of Fastify's says so. */
  noteTurnedAway(socket: TLSSocket, away: TurnedAway): void;
}

/**
 * Bounds connections, and slows addresses that keep failing: a refused certificate or join, or a handshake broken off.
 * What comes from there without a member's certificate is answered `rate-limited` before anything else looks at it;
 * members from the same address are not touched, nor those who are on their way back.
 */
export function limitStrangers(app: FastifyInstance, needs: StrangerNeeds): Strangers {
  const { limits, socketOf } = needs;
  const failures = createFailureCounts({
    perMinute: limits.failuresPerMinute,
    capacity: rememberedAddresses,
    nowMs: () => performance.now(),
  });
  const connections: Connections = limitConnections(app.server as unknown as Http2SecureServer, {
    limits,
    memberOf: (socket) => memberOrRefusal(socket, needs).member,
    onBrokenHandshake: (group) => failures.note(group),
  });

  app.addHook("onRequest", (request, reply, done) => {
    if (connections.isMember(socketOf(request))) return done();
    const away = toldToWait(request.ip);
    if (away === null || needs.isReturning(request)) return done();
    void reply.header("retry-after", away.retryAfterS);
    done(away.refusal);
  });
  app.addHook("onSend", (request, reply, payload, done) => {
    const { statusCode } = reply;
    const isJoin = request.routeOptions.config.access === "anyone";
    if (statusCode === 401) connections.refused(socketOf(request));
    if (statusCode === 401 || (isJoin && statusCode >= 400 && statusCode < 500 && statusCode !== 429))
      failures.note(addressGroup(request.ip));
    done(null, payload);
  });

  /** What is told to strangers from an address that has failed too often; null where it has not. */
  function toldToWait(address: string): TurnedAway | null {
    const retryAfterS = Math.ceil(failures.waitMs(addressGroup(address)) / 1_000);
    if (retryAfterS === 0) return null;
    const facts = { max: `${limits.failuresPerMinute} failed`, window: "1 minute" };
    return { refusal: new Refusal("rate-limited", facts), retryAfterS };
  }

  return {
    turnAway(socket) {
      const { refusal } = memberOrRefusal(socket, needs);
      if (refusal === null) return null;
      return toldToWait(socket.remoteAddress ?? "") ?? { refusal, retryAfterS: 0 };
    },
    noteTurnedAway(socket, { retryAfterS }) {
      connections.refused(socket);
      if (retryAfterS === 0) failures.note(addressGroup(socket.remoteAddress ?? ""));
    },
  };
}

function memberOrRefusal(
  socket: TLSSocket,
  { identify }: StrangerNeeds,
): { member: string; refusal: null } | { member: null; refusal: Refusal } {
  try {
    return { member: identify(socket).member, refusal: null };
  } catch (error) {
    if (error instanceof Refusal) return { member: null, refusal: error };
    throw error;
  }
}
