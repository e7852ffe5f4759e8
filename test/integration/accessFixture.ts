import assert from "node:assert/strict";
import type { ConnectionOptions } from "node:tls";
import WebSocket from "ws";
import type { Problem } from "../../protocol/problem.ts";
import type { Route } from "../../protocol/route.ts";
import { routes } from "../../protocol/routes.ts";
import { streamPath } from "../../protocol/stream.ts";
import type { TestService } from "../support/startTestService.ts";
import type { PlainAnswer } from "../support/tlsRequest.ts";

/** Every row of the route table. */
export const rows = Object.entries<Route>(routes);
/** Those that need a certificate. */
export const guarded = rows.filter(([, row]) => row.access !== "anyone");

/** A path of a row, about things that there are not. */
export function pathOf(row: Route): string {
  return row.path
    .replace("{job}", "j-0123456789abcdef")
    .replace("{host}", "some-host")
    .replace("{prompt}", "p-0123456789abcdef")
    .replace("{member}", "nobody")
    .replace("{token}", "t-0123456789abcdef");
}

/** The code of a problem document. */
export function codeOf(answer: PlainAnswer): string {
  assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/);
  return (JSON.parse(answer.body) as Problem).code;
}

/** Status with which the stream answers the wish for a WebSocket; 101 when it opens. */
export async function upgradeStatus(service: TestService, tls: ConnectionOptions): Promise<number> {
  const { cert, key, ca } = tls;
  const socket = new WebSocket(`wss://127.0.0.1:${service.port}${streamPath}`, {
    ...(cert ? { cert, key } : {}),
    ca,
    checkServerIdentity: () => undefined,
  } as object);
  return new Promise((resolve, reject) => {
    socket.once("unexpected-response", (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.once("open", () => {
      resolve(101);
      socket.terminate();
    });
    socket.once("error", reject);
  });
}
