import type { FastifyRequest } from "fastify";
import { Refusal } from "../../protocol/problem.ts";
import { agentPath } from "../../protocol/agentLink.ts";
import { streamPath } from "../../protocol/stream.ts";

const upgradable: ReadonlySet<string> = new Set([streamPath, agentPath]);

/**
 * Refuses what asks for an upgrade that is no WebSocket of ours (RFC 6455 §4.2.1), with a problem document. What
 * passes here, the WebSocket library accepts; left to it, it answers in HTML, and opens a socket on any route.
 */
export function checkUpgrade(request: FastifyRequest): void {
  const { upgrade, "sec-websocket-key": key, "sec-websocket-version": version } = request.headers;
  if (upgrade === undefined) return;
  if (!upgradable.has(request.routeOptions.url ?? ""))
    throw refused(`Only ${streamPath} and ${agentPath} can be upgraded.`);
  if (upgrade.toLowerCase() !== "websocket")
    throw refused("The upgrade is to websocket and to nothing else.");
  if (version !== "13") throw refused("The WebSocket version is 13.");
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key ?? ""))
    throw refused("The Sec-WebSocket-Key is not 16 bytes in base64.");
}

function refused(reason: string): Refusal {
  return new Refusal("bad-request", { reason });
}
