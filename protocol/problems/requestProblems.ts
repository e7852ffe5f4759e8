import type { ProblemKind } from "./problemKind.ts";

/** Problems of any request. */
export const requestProblems = {
  "bad-request": {
    status: 400,
    title: "The request is not valid",
    detail: "{reason}",
    next: "Correct it and send it again; /v1/openapi.json has the schema.",
  },
  "broken-json": {
    status: 400,
    title: "The body is not JSON",
    detail: "{reason}",
    next: "Send valid JSON with content-type application/json.",
  },
  "body-too-large": {
    status: 413,
    title: "The body is too large",
    detail: "At most {limitBytes} bytes are accepted here.",
    next: "Send a smaller body.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The content type is not accepted",
    detail: "{reason}",
    next: "Use application/json, or application/x-tar for a workspace.",
  },
  "request-timeout": {
    status: 408,
    title: "The request took too long",
    detail: "The body did not arrive within {limitMs} ms.",
    next: "Send it again on a better connection.",
  },
  "route-not-found": {
    status: 404,
    title: "There is no such route",
    detail: "{method} {path} is not served.",
    next: "/v1/openapi.json lists the routes.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The method is not allowed",
    detail: "{path} does not take {method}; it takes {allowed}.",
    next: "Use one of those methods.",
  },
  "rate-limited": {
    status: 429,
    title: "Too many requests",
    detail: "The limit is {max} requests in {window}.",
    next: "Wait and try again.",
  },
  "answers-unread": {
    status: 429,
    title: "Too much of what was asked for was not read",
    detail: "{mib} MiB of answers wait to be read; with more than {max} MiB nothing else is answered.",
    next: "Read what was asked for, or close its connections, and try again.",
  },
  "idempotency-mismatch": {
    status: 422,
    title: "The idempotency key was used for another request",
    detail: "The key {key} belongs to a different request.",
    next: "Use a new key for a new request.",
  },
  "protocol-mismatch": {
    status: 409,
    title: "The versions do not fit",
    detail: "The service speaks protocol {service}, the peer speaks {peer}.",
    next: "Update the older of the two.",
  },
  internal: {
    status: 500,
    title: "The service failed",
    detail: "The request could not be carried out; the service's log has the cause under {reference}.",
    next: "Try again; if it persists, report it with that reference.",
  },
  "storage-full": {
    status: 507,
    title: "The service's disk is full",
    detail: "The service could not write to its data folder.",
    next: "Free space on the service's machine and try again.",
  },
  "storage-busy": {
    status: 503,
    title: "The fleet's database is in use by another program",
    detail: "The service could not write to its data folder: something else holds the database there.",
    next: "Close what has the service's database open (an sqlite3 shell, a backup) and try again.",
  },
  "service-stopping": {
    status: 503,
    title: "The service is stopping",
    detail: "It takes no new work.",
    next: "Start it again with `hwledger up`.",
  },
} as const satisfies Record<string, ProblemKind>;
