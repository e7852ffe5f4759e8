import type { SecureServerOptions } from "node:http2";

/** Limits of the HTTP server; tests make them smaller. Times in milliseconds. */
export interface AppLimits {
  /** Longest time a JSON body may take. */
  bodyMs: number;
  /** Requests a member may make in a minute. */
  requestsPerMinute: number;
  /** Requests that cost much, such as a new certificate, that a member may make of a route in a minute. */
  costlyPerMinute: number;
  /** Requests to join that an address may make in a minute. */
  joinsPerMinute: number;
  /** Failures in a minute after which an address is answered `rate-limited` where it shows no member's certificate. */
  failuresPerMinute: number;
  /** Open connections, whoever they are. */
  connections: number;
  /** Connections of one member. */
  connectionsPerMember: number;
  /** Connections that have not shown yet who they are. A fleet behind one address may come back at once. */
  handshakes: number;
  handshakesPerAddress: number;
  /** Connections that have shown no member's certificate. */
  strangers: number;
  strangersPerAddress: number;
  /** Longest time from the connection to the end of its TLS handshake. */
  handshakeMs: number;
  /** Longest life of a connection without a member's certificate, whatever it does: long enough to join. */
  strangerMs: number;
  /** Longest time to the whole head of a connection's first request. */
  firstRequestMs: number;
  /** Longest time without a request under way, whatever else is sent: a head that dawdles, pings. */
  idleMs: number;
  /** Longest time in which nothing of an answer is taken. */
  unreadMs: number;
  /** Bytes of answers not yet taken with which a member, or an address, may ask for more. */
  unreadBytes: number;
  /** Bytes of a request's head. */
  headerBytes: number;
  /** Requests that an HTTP/2 connection may have under way. */
  streamsPerConnection: number;
  /** Requests that an HTTP/2 connection may take back at once, and how many more each second. */
  resetsAtOnce: number;
  resetsPerSecond: number;
  /** Pings and settings that an HTTP/2 connection may send in a minute. */
  controlFramesPerMinute: number;
}

export const defaultAppLimits: AppLimits = {
  bodyMs: 15_000,
  requestsPerMinute: 6_000,
  costlyPerMinute: 10,
  joinsPerMinute: 30,
  failuresPerMinute: 60,
  connections: 8_192,
  connectionsPerMember: 1_024,
  handshakes: 2_048,
  handshakesPerAddress: 1_024,
  strangers: 256,
  strangersPerAddress: 64,
  handshakeMs: 10_000,
  strangerMs: 60_000,
  firstRequestMs: 30_000,
  idleMs: 120_000,
  unreadMs: 120_000,
  unreadBytes: 16 * 1024 ** 2,
  headerBytes: 16_384,
  streamsPerConnection: 128,
  resetsAtOnce: 256,
  resetsPerSecond: 32,
  controlFramesPerMinute: 600,
};

/** The limits that Node keeps itself, as options of its server. */
export function nodeLimits(limits: AppLimits) {
  return {
    handshakeTimeout: limits.handshakeMs,
    settings: { maxConcurrentStreams: limits.streamsPerConnection, maxHeaderListSize: limits.headerBytes },
    maxHeaderSize: limits.headerBytes,
    maxSessionInvalidFrames: 100,
    streamResetBurst: limits.resetsAtOnce,
    streamResetRate: limits.resetsPerSecond,
    // Node's own for HTTP/1.1 alone: limitIdleConnections() and limitBody() hold for both versions, and know that a large
    // workspace over a thin line takes its time.
    requestTimeout: 0,
    headersTimeout: 0,
  } satisfies SecureServerOptions & Record<string, unknown>;
}
