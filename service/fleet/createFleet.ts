import type { AgentRecord, Connection, HostRecord } from "../../protocol/host.ts";
import type { HostId } from "../../protocol/ids.ts";
import { hostStatus, type HostSignals } from "../../protocol/hostStatus.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { RouteInput } from "../../protocol/routes.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { HostRow, HostsTable } from "../store/hostsTable.ts";
import type { Store } from "../store/openStore.ts";
import type { Changes } from "./createChanges.ts";

/** What the fleet needs of probing. */
export interface FleetProber {
  setHosts(hosts: { target: ShellTarget; probe: "on" | "off" }[]): void;
  probeOnce(
    target: ShellTarget,
    options: { attended: boolean; timeoutMs: number; signal?: AbortSignal },
  ): Promise<HostReading>;
  retryNow(hostId: HostId): void;
  latest(hostId: HostId): HostReading | null;
  signals(hostId: HostId): HostSignals;
}

/** What the fleet is made of. */
export interface FleetNeeds {
  store: Pick<Store, "transact">;
  hosts: HostsTable;
  ledger: Pick<Ledger, "append">;
  changes: Changes;
  prober: FleetProber;
  /** The agent of a host that is connected; null: none is. */
  agentOf: (hostId: HostId) => AgentRecord | null;
  /** Lets go of a host's connections. */
  disconnect: (hostId: HostId) => void;
  /** The fingerprint a person accepted for a host that is being added. */
  takeAcceptedKey: (hostId: HostId) => string | null;
  activeJobsOn: (hostId: HostId) => number;
  /** Ends the jobs of a host that somebody takes out of the fleet, though it may not answer. */
  giveUpJobsOn: (hostId: HostId, actor: string) => Promise<void>;
  /** Ends what else a host has in the fleet, in the transaction that removes it. */
  hostRemoved: (id: HostId, actor: string, afterCommit: (effect: () => void) => void) => void;
  newHostId: () => HostId;
  now: () => number;
}

type NewHost = NonNullable<RouteInput<"addHost">["body"]>;
type HostChange = NonNullable<RouteInput<"changeHost">["body"]>;

/** The hosts of the fleet. */
export interface Fleet {
  list(): HostRecord[];
  /** By name or id. Throws `host-not-found`. */
  get(nameOrId: string): HostRecord;
  record(id: HostId): HostRecord | null;
  target(id: HostId): ShellTarget | null;
  /** `signal`: whoever asked is gone; nothing is kept then. */
  add(host: NewHost, actor: string, signal?: AbortSignal): Promise<HostRecord>;
  /** Puts this machine into the fleet. */
  addLocal(name: string): void;
  change(nameOrId: string, change: HostChange, actor: string): HostRecord;
  login(nameOrId: string, actor: string, signal?: AbortSignal): Promise<HostRecord>;
  /** Throws `host-busy` where jobs are active; `force` gives them up as lost. */
  remove(nameOrId: string, force: boolean, actor: string): Promise<{ id: HostId; name: string }>;
}

/** People may have to answer for a key, a passphrase and a password meanwhile; the editor waits for 300 s. */
const firstReadingLimitMs = 290_000;

/** The fleet's hosts: rows in the database joined with what the prober knows of them. */
export function createFleet(needs: FleetNeeds): Fleet {
  const { store, hosts, ledger, changes, prober, now } = needs;
  const revisions = new Map<HostId, number>();
  const adding = new Set<string>();
  /** The newest reading of each host, also of one that is not read any more: the one of its adding, or of before it was left alone. */
  const lastReadings = new Map<HostId, HostReading>();

  changes.listen((change) => {
    const id = change.kind === "reading" ? (change.reading.hostId as HostId) : hostOf(change);
    if (id) revisions.set(id, (revisions.get(id) ?? 0) + 1);
    if (id && change.kind === "reading") lastReadings.set(id, change.reading);
  });

  function recordOf(row: HostRow): HostRecord {
    const reading = prober.latest(row.id) ?? lastReadings.get(row.id) ?? null;
    const signals = prober.signals(row.id);
    const lastSeenAtMs = signals.lastSeenAtMs ?? reading?.atMs ?? null;
    const { id, name, connection, rateMicroUsdPerHour, python, probe, addedAtMs } = row;
    return {
      id,
      name,
      connection,
      agent: needs.agentOf(id),
      status: hostStatus({ ...signals, lastSeenAtMs }, now()),
      rateMicroUsdPerHour,
      python,
      probe,
      addedAtMs,
      gpus: reading?.gpus ?? [],
      reading,
      activeJobs: needs.activeJobsOn(id),
      revision: revisions.get(id) ?? 0,
    };
  }

  function rowOf(nameOrId: string): HostRow {
    const row = hosts.byName(nameOrId) ?? hosts.byId(nameOrId);
    if (row) return row;
    const known = hosts
      .all()
      .map((host) => host.name)
      .join(", ");
    throw new Refusal("host-not-found", { host: nameOrId, known: known || "none" });
  }

  function refreshProber(): void {
    prober.setHosts(hosts.all().map((row) => ({ target: targetOf(row), probe: row.probe })));
  }

  function insert(row: HostRow, actor: string): void {
    const { id: hostId, name, connection, rateMicroUsdPerHour, python, acceptedKey } = row;
    store.transact((afterCommit) => {
      hosts.insert(row);
      ledger.append({
        type: "host.added",
        actor,
        payload: { hostId, name, connection, rateMicroUsdPerHour, python },
      });
      if (acceptedKey !== null)
        ledger.append({ type: "host.key-accepted", actor, payload: { hostId, fingerprint: acceptedKey } });
      afterCommit(() => {
        refreshProber();
        changes.emit({ kind: "host", hostId });
        changes.emit({ kind: "ledger" });
      });
    });
  }

  /** Connects and takes a first reading. A changed or revoked key is an event even though nothing is kept. */
  async function check(target: ShellTarget, actor: string, signal?: AbortSignal): Promise<void> {
    try {
      const options = { attended: true, timeoutMs: firstReadingLimitMs, ...(signal ? { signal } : {}) };
      lastReadings.set(target.id, await prober.probeOnce(target, options));
    } catch (error) {
      if (error instanceof Refusal && /^host-key-(changed|revoked)$/.test(error.code)) {
        const { code } = error;
        const fingerprint = String(error.facts["fingerprint"] ?? "");
        const payload = { host: target.name, code, fingerprint };
        store.transact((afterCommit) => {
          ledger.append({ type: "host.key-refused", actor, payload });
          afterCommit(() => changes.emit({ kind: "ledger" }));
        });
      }
      throw error;
    }
  }

  async function add(input: NewHost, actor: string, signal?: AbortSignal): Promise<HostRecord> {
    const { name } = input;
    if (hosts.byName(name) || adding.has(name)) throw new Refusal("host-name-taken", { host: name });
    const id = needs.newHostId();
    const target: ShellTarget = { id, name, connection: connectionOf(input) };
    adding.add(name);
    try {
      if (!input.unchecked && target.connection.kind === "ssh") await check(target, actor, signal);
      if (signal?.aborted === true)
        throw new Refusal("host-unreachable", {
          host: name,
          address: input.alias ?? name,
          reason: "whoever wanted it has given up",
        });
      insert(
        {
          ...target,
          rateMicroUsdPerHour: input.rateMicroUsdPerHour ?? null,
          python: input.python ?? null,
          probe: "on",
          addedAtMs: now(),
          acceptedKey: needs.takeAcceptedKey(id),
        },
        actor,
      );
    } catch (error) {
      needs.takeAcceptedKey(id);
      needs.disconnect(id);
      lastReadings.delete(id);
      throw error;
    } finally {
      adding.delete(name);
    }
    return recordOf(rowOf(id));
  }

  refreshProber();
  return {
    list: () => hosts.all().map(recordOf),
    get: (nameOrId) => recordOf(rowOf(nameOrId)),
    record(id) {
      const row = hosts.byId(id);
      return row ? recordOf(row) : null;
    },
    target(id) {
      const row = hosts.byId(id);
      return row ? targetOf(row) : null;
    },
    add,
    addLocal(name) {
      insert(
        {
          id: needs.newHostId(),
          name,
          connection: { kind: "local" },
          rateMicroUsdPerHour: null,
          python: null,
          probe: "on",
          addedAtMs: now(),
          acceptedKey: null,
        },
        "service",
      );
    },
    change(nameOrId, change, actor) {
      const row = rowOf(nameOrId);
      const next = {
        rateMicroUsdPerHour:
          change.rateMicroUsdPerHour === undefined ? row.rateMicroUsdPerHour : change.rateMicroUsdPerHour,
        python: change.python === undefined ? row.python : change.python,
        probe: change.probe ?? row.probe,
      };
      const { rateMicroUsdPerHour, python, probe } = row;
      if (JSON.stringify(next) === JSON.stringify({ rateMicroUsdPerHour, python, probe }))
        return recordOf(row);
      store.transact((afterCommit) => {
        hosts.update(row.id, next);
        ledger.append({ type: "host.changed", actor, payload: { hostId: row.id, ...next } });
        afterCommit(() => {
          refreshProber();
          changes.emit({ kind: "host", hostId: row.id });
          changes.emit({ kind: "ledger" });
        });
      });
      return recordOf(rowOf(row.id));
    },
    async login(nameOrId, actor, signal) {
      const row = rowOf(nameOrId);
      await check(targetOf(row), actor, signal);
      prober.retryNow(row.id);
      changes.emit({ kind: "host", hostId: row.id });
      return recordOf(rowOf(row.id));
    },
    async remove(nameOrId, force, actor) {
      const named = rowOf(nameOrId);
      if (named.connection.kind === "local") throw new Refusal("host-is-local", { host: named.name });
      if (force && needs.activeJobsOn(named.id) > 0) {
        const givenUp = needs.giveUpJobsOn(named.id, actor);
        needs.disconnect(named.id);
        await givenUp;
      }
      const row = rowOf(named.id);
      const jobs = needs.activeJobsOn(row.id);
      if (jobs > 0) throw new Refusal("host-busy", { host: row.name, jobs });
      store.transact((afterCommit) => {
        hosts.remove(row.id, now());
        ledger.append({ type: "host.removed", actor, payload: { hostId: row.id, name: row.name } });
        needs.hostRemoved(row.id, actor, afterCommit);
        afterCommit(() => {
          refreshProber();
          needs.disconnect(row.id);
          lastReadings.delete(row.id);
          changes.emit({ kind: "host-removed", hostId: row.id });
          changes.emit({ kind: "ledger" });
        });
      });
      return { id: row.id, name: row.name };
    },
  };
}

function targetOf(row: HostRow): ShellTarget {
  return { id: row.id, name: row.name, connection: row.connection };
}

function hostOf(change: { kind: string; hostId?: HostId; job?: { hostId: HostId } }): HostId | undefined {
  return change.hostId ?? change.job?.hostId;
}

function connectionOf(input: NewHost): Connection {
  if (input.agent === true) return { kind: "agent" };
  return {
    kind: "ssh",
    alias: input.alias ?? input.name,
    port: input.port ?? null,
    user: input.user ?? null,
    identityFile: input.identityFile ?? null,
    hostKey: input.hostKey ?? null,
  };
}
