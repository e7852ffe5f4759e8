import type { FastifyInstance } from "fastify";
import { Refusal } from "../../../protocol/problem.ts";
import { streamPath } from "../../../protocol/stream.ts";
import { members } from "../../../protocol/routes/routeParts.ts";
import type { Connections } from "../createConnections.ts";
import type { RefusedAccess } from "../../pki/createRefusals.ts";
import type { Peer } from "../../pki/identifyPeer.ts";
import { socketOf } from "../createApp.ts";
import { createSession, type Session, type SessionNeeds } from "./createSession.ts";

/** What the stream needs beside what each session knows itself. */
export interface StreamNeeds extends Omit<SessionNeeds, "peer" | "stillWelcome" | "onRefused"> {
  connections: Connections;
  refused: (refused: RefusedAccess) => void;
  identify: (socket: ReturnType<typeof socketOf>) => Peer;
}

/** Serves the WebSocket; identity and role were decided by the same hook as for every route. Returns how to end all. */
export function registerStream(app: FastifyInstance, needs: StreamNeeds): () => void {
  const sessions = new Set<Session>();
  app.route({
    method: "GET",
    url: streamPath,
    config: { access: members },
    handler: () => {
      throw new Refusal("bad-request", { reason: `${streamPath} is a WebSocket: ask for an upgrade.` });
    },
    wsHandler: (socket, request) => {
      const { peer } = request;
      if (peer === null) return socket.close(4001, "no certificate");
      const tls = socketOf(request);
      const session = createSession(socket, {
        ...needs,
        peer,
        stillWelcome: () => void needs.identify(tls),
        onRefused: (code, asked) =>
          needs.refused({ from: peer.member, isMember: true, code, request: asked }),
      });
      sessions.add(session);
      const forget = needs.connections.onEnd(tls, () => session.recheck());
      socket.once("close", () => {
        sessions.delete(session);
        forget();
      });
    },
  });
  return () => {
    for (const session of sessions) session.stop();
  };
}
