import type { Readable } from "node:stream";
import type { RouteAnswer, RouteName, routes } from "../../protocol/routes.ts";
import type * as z from "zod";
import type { Peer } from "../pki/identifyPeer.ts";

type Output<S> = S extends z.ZodType ? z.output<S> : never;

/** A request as a handler sees it: parsed by the route's schemas, from a known peer. */
export interface RequestContext<N extends RouteName> {
  params: Output<(typeof routes)[N]["params"]>;
  query: Output<(typeof routes)[N]["query"]>;
  body: (typeof routes)[N]["body"] extends "tar" ? Readable : Output<(typeof routes)[N]["body"]>;
  /** Null only on routes that anyone may call. */
  peer: Peer | null;
  /** `user/<name>` or `agent/<host id>`, for the ledger. */
  actor: string;
  idempotencyKey: string | null;
  /** Aborts when the client is gone. */
  signal: AbortSignal;
}

/** A raw answer: bytes as they come, under this content type. */
export interface RawAnswer {
  contentType: string;
  headers?: Record<string, string>;
  body: AsyncIterable<Uint8Array | string>;
}

/** One handler per route; the compiler finds a missing one. */
export type Handlers = {
  [N in RouteName]: (
    context: RequestContext<N>,
  ) => (typeof routes)[N]["answer"] extends z.ZodType
    ? RouteAnswer<N> | Promise<RouteAnswer<N>>
    : RawAnswer | Promise<RawAnswer>;
};
