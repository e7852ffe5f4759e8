import type * as z from "zod";
import type { Role } from "./ids.ts";

/**
 * Who may call a route: anybody (only joining), members of these roles, or `bearer`: every member by its certificate, or
 * by its bundle token where that has run out (only the bundle of authorities).
 */
export type Access = "anyone" | "bearer" | readonly Role[];

/** Whether a member of a role may call a route. */
export function admits(access: Access, role: Role): boolean {
  return typeof access === "string" || access.includes(role);
}

/**
 * One row of the route table. The service registers it, the client calls it, OpenAPI is generated from it.
 * `body: "tar"` is a raw tar stream; an answer of `"bytes"` is raw bytes, `"events"` is a text/event-stream
 * and `"text"` is text/plain.
 */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType | "tar" | null = z.ZodType | "tar" | null,
  Answer extends z.ZodType | "bytes" | "events" | "text" = z.ZodType | "bytes" | "events" | "text",
> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** Costs the service so much that a member may ask for it only a few times a minute. */
  readonly costly?: boolean;
  /** Also for members whose certificate has run out. */
  readonly lapsed?: boolean;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Largest body in bytes; for a tar stream the service's workspace limit holds instead. */
  readonly bodyLimitBytes?: number;
  readonly status: 200 | 201 | 202;
  readonly answer: Answer;
}
