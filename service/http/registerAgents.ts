import type { FastifyInstance } from "fastify";
import { agentCloseCodes, agentPath } from "../../protocol/agentLink.ts";
import type { HostId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import { agents as agentsOnly } from "../../protocol/routes/routeParts.ts";
import type { Agents } from "../agents/createAgents.ts";
import type { Peer } from "../pki/identifyPeer.ts";
import { socketOf } from "./createApp.ts";
import type { Connections } from "./createConnections.ts";

/** What the agents' WebSocket needs. */
export interface AgentsRouteNeeds {
  agents: Pick<Agents, "accept">;
  hostName: (id: HostId) => string | null;
  connections: Connections;
  identify: (socket: ReturnType<typeof socketOf>) => Peer;
}

/** Serves the WebSocket of agents; an agent is the one of the host that its certificate names, and of no other. */
export function registerAgents(app: FastifyInstance, needs: AgentsRouteNeeds): void {
  app.route({
    method: "GET",
    url: agentPath,
    config: { access: agentsOnly },
    handler: () => {
      throw new Refusal("bad-request", { reason: `${agentPath} is a WebSocket: ask for an upgrade.` });
    },
    wsHandler: (socket, request) => {
      const hostId = (request.peer?.member ?? "") as HostId;
      const host = needs.hostName(hostId);
      if (host === null) return socket.close(agentCloseCodes.unwelcome, "the host is not in the fleet");
      const tls = socketOf(request);
      const stillWelcome = (): void => void needs.identify(tls);
      const accepted = needs.agents.accept(socket, { hostId, host, stillWelcome });
      const forget = needs.connections.onEnd(tls, () => accepted.recheck());
      socket.once("close", forget);
    },
  });
}
