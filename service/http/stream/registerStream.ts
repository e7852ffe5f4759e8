import type { FastifyInstance } from "fastify";
import { Refusal } from "../../../protocol/problem.ts";
import { streamPath } from "../../../protocol/stream.ts";
import type { Peer } from "../../pki/identifyPeer.ts";
import { socketOf } from "../createApp.ts";
import { createSession, type SessionNeeds } from "./createSession.ts";

/** What the stream needs beside what each session knows itself. */
export interface StreamNeeds extends Omit<SessionNeeds, "peer" | "stillWelcome"> {
  identify: (socket: ReturnType<typeof socketOf>) => Peer;
}

/** Serves the WebSocket; identity and role were decided by the same hook as for every route. Returns how to end all. */
export function registerStream(app: FastifyInstance, needs: StreamNeeds): () => void {
  const sessions = new Set<() => void>();
  app.route({
    method: "GET",
    url: streamPath,
    config: { access: ["viewer", "operator", "admin"] },
    handler: () => {
      throw new Refusal("bad-request", { reason: `${streamPath} is a WebSocket: ask for an upgrade.` });
    },
    wsHandler: (socket, request) => {
      const { peer } = request;
      if (peer === null) return socket.close(4001, "no certificate");
      const tls = socketOf(request);
      const end = createSession(socket, { ...needs, peer, stillWelcome: () => void needs.identify(tls) });
      sessions.add(end);
      socket.once("close", () => sessions.delete(end));
    },
  });
  return () => {
    for (const end of sessions) end();
  };
}
