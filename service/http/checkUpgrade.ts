import type { FastifyRequest } from "fastify";
import { Refusal } from "../../protocol/problem.ts";
import { streamPath } from "../../protocol/stream.ts";

/**
 * Refuses what asks for an upgrade that is not the stream's WebSocket (RFC 6455 §4.2.1), with a problem document. What
 * passes here, the WebSocket library accepts; left to it, it answers in HTML, and opens a socket on any route.
 */
export function checkUpgrade(request: FastifyRequest): void {
  const { upgrade, "sec-websocket-key": key, "sec-websocket-version": version } = request.headers;
  if (upgrade === undefined) return;
  if (request.routeOptions.url !== streamPath) throw refused(`Only ${streamPath} can be upgraded.`);
  if (upgrade.toLowerCase() !== "websocket")
    throw refused("The upgrade is to websocket and to nothing else.");
  if (version !== "13") throw refused("The WebSocket version is 13.");
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key ?? ""))
    throw refused("The Sec-WebSocket-Key is not 16 bytes in base64.");
}

function refused(reason: string): Refusal {
  return new Refusal("bad-request", { reason });
}
