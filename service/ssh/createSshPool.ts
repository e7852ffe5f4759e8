import type { HostId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { Prompts } from "../prompts/createPrompts.ts";
import type { AcceptedKeys } from "./acceptedKeys.ts";
import type { ConnectNeeds } from "./connectSsh.ts";
import { createGate } from "./createGate.ts";
import { createHostLinks, type HostLinks } from "./createHostLinks.ts";
import type { LinksDescription } from "./hostLink.ts";
import type { HostShells, ShellTarget } from "../../protocol/shells/hostShell.ts";
import { createLoginSecrets } from "./loginSecrets.ts";
import { connectionLost } from "./reachProblem.ts";
import { resolveSsh } from "./resolveSsh.ts";
import type { RunTool } from "./runTool.ts";
import type { ShellLink } from "./shellLink.ts";
import type { Machine, SshRequest } from "./sshSettings.ts";
import { dialHost } from "./dialHost.ts";
import { defaultSshTiming, type SshTiming } from "./sshTiming.ts";
import type { Connection } from "../../protocol/host.ts";

export interface SshPoolNeeds {
  runTool: RunTool;
  machine: Machine;
  prompts: Prompts;
  accepted: AcceptedKeys;
  now: () => number;
  timing?: Partial<SshTiming>;
  /** SSH configuration file to use instead of the user's. */
  configFile?: string;
}

/** Connections to SSH hosts, kept open between uses. */
export interface SshPool extends HostShells {
  /** What is held open to a host; null: nothing. */
  describe(hostId: HostId): LinksDescription | null;
  /** Ends what is held open to a host (it was removed or changed). */
  disconnect(hostId: HostId): void;
  /** Told of every connection that breaks; returns the stop. */
  onLost(listener: (lost: { hostId: HostId; reason: string }) => void): () => void;
  /** Ends everything. */
  close(): void;
}

type SshConnectionRecord = Extract<Connection, { kind: "ssh" }>;

const parallelDials = 4;

/** The pool of SSH connections: few per host, opened on demand and once, closed when idle. */
export function createSshPool(needs: SshPoolNeeds): SshPool {
  const timing: SshTiming = { ...defaultSshTiming, ...needs.timing };
  const hosts = new Map<HostId, { record: string; links: HostLinks }>();
  const listeners = new Set<(lost: { hostId: HostId; reason: string }) => void>();
  const gate = createGate(parallelDials);
  const connectNeeds: ConnectNeeds = {
    resolve: (request) => resolveSsh(request, needs),
    accepted: needs.accepted,
    prompts: needs.prompts,
    secrets: createLoginSecrets(),
    timing,
  };
  let closed = false;

  const dial = async (
    target: ShellTarget,
    connection: SshConnectionRecord,
    options: { attended: boolean; signal: AbortSignal },
  ): Promise<ShellLink> => {
    const leave = await gate.enter();
    try {
      const request = requestOf(connection);
      const settings = await connectNeeds.resolve(request);
      const to = { id: target.id, name: target.name, settings, pinned: connection.hostKey };
      const toDial = { ...options, onAsking: leave };
      return await dialHost(to, request, toDial, { ...connectNeeds, ...needs, timing });
    } finally {
      leave();
    }
  };

  const linksOf = (target: ShellTarget, connection: SshConnectionRecord): HostLinks => {
    const record = JSON.stringify(connection);
    const held = hosts.get(target.id);
    if (held?.record === record) return held.links;
    held?.links.close(connectionLost(target.name, "its settings were changed"));
    const links = createHostLinks({
      host: target.name,
      dial: (options) => dial(target, connection, options),
      timing,
      onLost: (reason) => {
        for (const listener of [...listeners]) listener({ hostId: target.id, reason });
      },
    });
    hosts.set(target.id, { record, links });
    return links;
  };

  return {
    async openShell(target, { attended = false, signal, patient = false, onWanted, ifRoom = false } = {}) {
      if (closed) throw new Refusal("service-stopping");
      const { connection } = target;
      if (connection.kind !== "ssh") throw new TypeError(`${target.name} is not reached by SSH`);
      return linksOf(target, connection).openShell({ attended, signal, patient, onWanted, ifRoom });
    },
    describe: (hostId) => hosts.get(hostId)?.links.describe() ?? null,
    disconnect(hostId) {
      hosts.get(hostId)?.links.close(connectionLost(hostId, "it was disconnected"));
      hosts.delete(hostId);
    },
    onLost(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closed = true;
      for (const { links } of hosts.values()) links.close(new Refusal("service-stopping"));
      hosts.clear();
    },
  };
}

function requestOf({ alias, port, user, identityFile }: SshConnectionRecord): SshRequest {
  return { alias, port, user, identityFile };
}
