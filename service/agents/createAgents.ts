import type { WebSocket } from "ws";
import { agentCloseCodes } from "../../protocol/agentLink.ts";
import type { AgentRecord } from "../../protocol/host.ts";
import type { HostId, JobId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { HostShells } from "../../protocol/shells/hostShell.ts";
import { createAgentConnection, type AgentConnection } from "./agentConnection.ts";
import { takenReading } from "./takenReading.ts";

/** What the agents need of the rest. */
export interface AgentsNeeds {
  now: () => number;
  isJobOn: (hostId: string, jobId: JobId) => boolean;
  /** A host is fed by its agent from now on, or no more (null). */
  setFeed: (hostId: HostId, feed: Pick<AgentConnection, "setCadence"> | null) => void;
  /** The cadence of a host's readings; null: it is left alone. */
  cadenceMs: (hostId: HostId) => number | null;
  /** When the newest reading of a host was made; null when there is none. */
  latestAtMs: (hostId: HostId) => number | null;
  onReading: (reading: HostReading) => void;
  /** A reading from while there was no connection, in the order of their times. */
  onPast: (reading: HostReading) => void;
  onUnread: (hostId: HostId, reason: string) => void;
  /** The host's record has changed by its agent's coming or going. */
  onChange: (hostId: HostId) => void;
  log: (facts: object, message: string) => void;
}

/** Who an agent's connection is of, and whether it is still. */
export interface ArrivingAgent {
  hostId: HostId;
  host: string;
  stillWelcome: () => void;
}

/** The agents that are connected. They open shells as SSH does. */
export interface Agents extends HostShells {
  /** Takes a connection; the one before of the same host ends. Returns what to call when its membership may have changed. */
  accept(socket: WebSocket, agent: ArrivingAgent): { recheck(): void };
  /** What is known of a host's agent; null: none is connected. */
  describe(hostId: HostId): AgentRecord | null;
  /** Ends the connection of a host that is no longer in the fleet. */
  disconnect(hostId: HostId): void;
  /** The service ends. */
  close(): void;
}

interface Connected {
  connection: AgentConnection;
  record: AgentRecord | null;
  newestAtMs: number;
  /** It has sent something that was no reading. */
  hasFailed: boolean;
}

/** Agents by their hosts: one connection each, the newest. */
export function createAgents(needs: AgentsNeeds): Agents {
  const agents = new Map<HostId, Connected>();

  function onReading(hostId: HostId, connected: Connected, text: string): void {
    const isJobOn = (jobId: JobId): boolean => needs.isJobOn(hostId, jobId);
    let taken: ReturnType<typeof takenReading>;
    try {
      taken = takenReading(text, { hostId, nowMs: needs.now(), isJobOn });
    } catch (err) {
      // Sent again it would be no better: it is passed over, as a newer agent's may have to be.
      if (!connected.hasFailed) needs.log({ hostId, err }, "an agent sent what is no reading");
      connected.hasFailed = true;
      return;
    }
    if (taken === null || agents.get(hostId) !== connected) return;
    const { live, reading } = taken;
    if (live) return needs.onReading(reading);
    if (reading.atMs <= connected.newestAtMs) return;
    connected.newestAtMs = reading.atMs;
    needs.onPast(reading);
  }

  return {
    accept(socket, { hostId, host, stillWelcome }) {
      agents.get(hostId)?.connection.end(agentCloseCodes.replaced, "another agent of this host has come");
      const connection = createAgentConnection(socket, {
        hostId,
        host,
        stillWelcome,
        cadenceMs: () => needs.cadenceMs(hostId),
        onGreeted(about) {
          connected.record = { ...about, sinceMs: needs.now() };
          needs.setFeed(hostId, connection);
          needs.onChange(hostId);
          needs.log({ host, ...about }, "an agent has come");
        },
        onReading: (text) => onReading(hostId, connected, text),
        onUnread: (reason) => needs.onUnread(hostId, reason),
        onGone() {
          if (agents.get(hostId) !== connected) return;
          agents.delete(hostId);
          if (connected.record === null) return;
          needs.setFeed(hostId, null);
          needs.onChange(hostId);
          needs.log({ host }, "an agent has gone");
        },
      });
      const connected: Connected = {
        connection,
        record: null,
        hasFailed: false,
        newestAtMs: needs.latestAtMs(hostId) ?? Number.NEGATIVE_INFINITY,
      };
      agents.set(hostId, connected);
      return { recheck: () => connection.recheck() };
    },
    describe: (hostId) => agents.get(hostId)?.record ?? null,
    disconnect: (hostId) =>
      agents.get(hostId)?.connection.end(agentCloseCodes.unwelcome, "the host is no longer in the fleet"),
    openShell({ id, name }, options = {}) {
      const connected = agents.get(id);
      if (connected === undefined || connected.record === null)
        return Promise.reject(new Refusal("agent-away", { host: name }));
      return connected.connection.shells.open(options);
    },
    close() {
      for (const { connection } of [...agents.values()]) connection.end(1001, "the service is stopping");
    },
  };
}
