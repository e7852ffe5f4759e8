import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { HostId, JobId, PromptId } from "../protocol/ids.ts";
import type { HostReading } from "../protocol/reading.ts";
import { createAgents } from "./agents/createAgents.ts";
import { defaultDispatchLimits, realAfter } from "./dispatch/dispatchDeps.ts";
import { stageJob } from "./dispatch/stageJob.ts";
import type { Changes } from "./fleet/createChanges.ts";
import type { Ledger } from "./ledger/createLedger.ts";
import { newId, newNonce } from "./newId.ts";
import { createProber } from "./probe/createProber.ts";
import type { ProbeLog } from "../protocol/shells/probeParts.ts";
import { createPrompts } from "./prompts/createPrompts.ts";
import type { AcceptedKeys } from "./ssh/acceptedKeys.ts";
import { createHostShells } from "./ssh/createHostShells.ts";
import { createLocalShells } from "../protocol/shells/createLocalShells.ts";
import { createSpareShells } from "./ssh/createSpareShells.ts";
import { createSshPool } from "./ssh/createSshPool.ts";
import { listSshNames } from "./ssh/listSshNames.ts";
import { runTool } from "./ssh/runTool.ts";
import type { JobsTable } from "./store/createJobs.ts";
import type { HostsTable } from "./store/hostsTable.ts";
import type { Store } from "./store/openStore.ts";

/** Where the parts that reach hosts write what an operator may want to know; pino fits. */
export interface ReachLog extends ProbeLog {
  info(facts: object, message: string): void;
}

/** The parts that reach hosts: questions to people, connections, probes. */
export function composeReach(
  frame: { now: () => number; log: ReachLog },
  needs: { hosts: HostsTable; changes: Changes; store: Store; ledger: Ledger; jobs: JobsTable },
) {
  const { now, log } = frame;
  const { hosts, changes, store, ledger, jobs } = needs;
  const prompts = createPrompts({ now, newId: () => newId("p") as PromptId });
  prompts.onChange(() => changes.emit({ kind: "prompts" }));
  const { accepted, takeAcceptedKey } = acceptedKeys(hosts, store, ledger, changes);
  const machine = {
    home: homedir(),
    userName: userInfo().username,
    platform: process.platform,
    env: process.env,
  };
  const pool = createSshPool({ runTool, machine, prompts, accepted, now });
  const staging = { newNonce, after: realAfter, limits: defaultDispatchLimits };
  const isJobOn = (hostId: string, jobId: JobId): boolean => jobs.isActiveOn(jobId, hostId);
  const onReading = (reading: HostReading): void => changes.emit({ kind: "reading", reading });
  const agents = createAgents({
    now,
    isJobOn,
    setFeed: (hostId, feed) => prober.setFeed(hostId, feed),
    cadenceMs: (hostId) => prober.cadenceMs(hostId),
    latestAtMs: (hostId) => prober.latest(hostId)?.atMs ?? null,
    onReading: (reading) => prober.takeFed(reading),
    onPast: (reading) => changes.emit({ kind: "past-reading", reading }),
    onUnread: (hostId, reason) => prober.failFed(hostId, reason),
    onChange: (hostId) => changes.emit({ kind: "host", hostId }),
    log: (facts, message) => log.info(facts, message),
  });
  const shells = createHostShells({ local: createLocalShells({ machine }), ssh: pool, agent: agents });
  const stages = createSpareShells(shells, (pair, target, wanted) => stageJob(staging, pair, target, wanted));
  const prober = createProber({
    shells,
    now,
    random: Math.random,
    isJobOn,
    onReading,
    onFailure: (hostId) => changes.emit({ kind: "host", hostId: hostId as HostId }),
    log,
  });
  const sshNames = () => listSshNames(join(machine.home, ".ssh", "config"), machine.home);
  return { prompts, pool, agents, shells, stages, prober, takeAcceptedKey, sshNames };
}

/** Keys that people accepted: of known hosts in the database with an event, of hosts being added until they are kept. */
function acceptedKeys(
  hosts: HostsTable,
  store: Store,
  ledger: Ledger,
  changes: Changes,
): { accepted: AcceptedKeys; takeAcceptedKey: (id: HostId) => string | null } {
  const adding = new Map<HostId, string>();
  return {
    accepted: {
      get: (hostId) => hosts.byId(hostId)?.acceptedKey ?? adding.get(hostId) ?? null,
      accept(hostId, fingerprint) {
        if (!hosts.byId(hostId)) return void adding.set(hostId, fingerprint);
        store.transact((afterCommit) => {
          hosts.setAcceptedKey(hostId, fingerprint);
          ledger.append({ type: "host.key-accepted", actor: "service", payload: { hostId, fingerprint } });
          afterCommit(() => changes.emit({ kind: "ledger" }));
        });
      },
    },
    takeAcceptedKey(id) {
      const fingerprint = adding.get(id) ?? null;
      adding.delete(id);
      return fingerprint;
    },
  };
}
