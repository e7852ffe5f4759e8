import { setTimeout as delay } from "node:timers/promises";
import type { HostRecord } from "../../protocol/host.ts";
import type { HostId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { HostShells } from "../../protocol/shells/hostShell.ts";
import type { Agents } from "./createAgents.ts";
import { installOnHost } from "./installOnHost.ts";

/** What installing agents needs. */
export interface AgentInstallerNeeds {
  shells: HostShells;
  agents: Pick<Agents, "describe">;
  host: (id: HostId) => HostRecord;
  newNonce: () => string;
  newLink: (id: HostId, actor: string) => string;
  url: () => string;
}

/** Sets the agent up on a host and waits until it is connected. */
export type AgentInstaller = (
  id: HostId,
  actor: string,
  signal: AbortSignal,
) => Promise<{ host: HostRecord; said: string }>;

/** What is installed has that long to connect. */
const connectLimitMs = 30_000;
const lookEveryMs = 100;

/** One installation at a time on each host: two would write the same files. */
export function createAgentInstaller(needs: AgentInstallerNeeds): AgentInstaller {
  const under = new Set<HostId>();

  async function install(id: HostId, actor: string, signal: AbortSignal) {
    const { name, connection } = needs.host(id);
    const refused = (reason: string, advice: string): Refusal =>
      new Refusal("agent-not-installed", { host: name, reason, advice });
    if (connection.kind === "agent")
      throw refused(
        "it is reached by its agent only, which cannot be replaced while it carries the shell",
        "Copy the new file there, and run `hwledger-agent install` with it.",
      );
    const before = needs.agents.describe(id)?.sinceMs ?? null;
    const { shells, newNonce } = needs;
    const said = await installOnHost(
      { shells, newNonce, newLink: () => needs.newLink(id, actor), url: needs.url() },
      { id, name, connection },
      signal,
    );
    const isConnected = (): boolean => {
      const sinceMs = needs.agents.describe(id)?.sinceMs ?? null;
      return sinceMs !== null && sinceMs !== before;
    };
    const endMs = performance.now() + connectLimitMs;
    while (!isConnected()) {
      if (performance.now() > endMs || signal.aborted)
        throw refused(
          "it is installed and started, but has not connected",
          "On the host `~/.hwledger/agent/agent.log`, or `journalctl --user -u hwledger-agent`, says why.",
        );
      await delay(lookEveryMs);
    }
    return { host: needs.host(id), said };
  }

  return async (id, actor, signal) => {
    if (under.has(id))
      throw new Refusal("agent-not-installed", {
        host: needs.host(id).name,
        reason: "it is being installed there already",
        advice: "Wait for that to end.",
      });
    under.add(id);
    try {
      return await install(id, actor, signal);
    } finally {
      under.delete(id);
    }
  };
}
