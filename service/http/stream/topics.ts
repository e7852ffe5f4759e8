import type { HostRecord } from "../../../protocol/host.ts";
import type { HostId, JobId } from "../../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../../protocol/job.ts";
import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import { Refusal } from "../../../protocol/problem.ts";
import type { Prompt } from "../../../protocol/prompt.ts";
import type { HostReading } from "../../../protocol/reading.ts";
import { topicAccess, type TopicData, type TopicKind } from "../../../protocol/stream.ts";
import type { Changes } from "../../fleet/createChanges.ts";
import type { Peer } from "../../pki/identifyPeer.ts";

/** An open topic: the newest whole records, and what changed since they were last taken. */
export interface Topic {
  /** The job whose log may be asked for; null for other topics. */
  readonly jobId: JobId | null;
  snapshot(): TopicData;
  /** Whole records of what changed since the last call; null for nothing. */
  changes(): TopicData | null;
  /** `urgent` changes should not wait to be coalesced. Returns how to stop; stopping the last one closes the topic. */
  listen(onChange: (urgent: boolean) => void): () => void;
}

/** Opens topics by name. Throws `host-not-found`, `job-not-found`, `role-insufficient`. */
export interface TopicSource {
  open(name: string, peer: Peer): Topic;
}

/** What the topics read from. */
export interface TopicNeeds {
  changes: Changes;
  hosts: () => HostRecord[];
  host: (id: HostId) => HostRecord | null;
  /** Raises a host's cadence while somebody looks. */
  watch: (id: HostId) => () => void;
  latest: (id: HostId) => HostReading | null;
  job: (id: JobId) => JobRecord | null;
  recentJobs: () => JobRecord[];
  eventsAfter: (seq: number) => LedgerEvent[];
  newestEvents: () => LedgerEvent[];
  ledgerHead: () => string;
  prompts: () => Prompt[];
  /** Somebody is there to answer questions. */
  attend: () => () => void;
}

/** How often statuses are looked at again: a host turns late without anything happening. */
const statusTickMs = 5_000;

/** The topics of the stream. */
export function createTopics(needs: TopicNeeds): TopicSource {
  return {
    open(name, peer) {
      const [kind, id = ""] = name.split(":") as [TopicKind, string?];
      const access = topicAccess[kind];
      if (!access.includes(peer.role))
        throw new Refusal("role-insufficient", {
          needed: access.join(" or "),
          member: peer.member,
          role: peer.role,
        });
      switch (kind) {
        case "fleet":
          return fleetTopic(needs);
        case "metrics":
          return metricsTopic(needs, id as HostId);
        case "job":
          return jobTopic(needs, id as JobId);
        case "ledger":
          return ledgerTopic(needs);
        case "prompts":
          return promptsTopic(needs);
      }
    },
  };
}

function fleetTopic(needs: TopicNeeds): Topic {
  const dirtyHosts = new Set<HostId>();
  const dirtyJobs = new Map<JobId, JobRecord>();
  const removed = new Set<string>();
  const statuses = new Map<HostId, string>();
  return {
    jobId: null,
    snapshot() {
      const hosts = needs.hosts();
      for (const host of hosts) statuses.set(host.id, host.status.kind);
      return { kind: "fleet", hosts, jobs: needs.recentJobs(), removedHostIds: [] };
    },
    changes() {
      const hosts = [...dirtyHosts].map(needs.host).filter((host) => host !== null);
      const jobs = [...dirtyJobs.values()];
      const removedHostIds = [...removed];
      dirtyHosts.clear();
      dirtyJobs.clear();
      removed.clear();
      if (hosts.length + jobs.length + removedHostIds.length === 0) return null;
      return { kind: "fleet", hosts, jobs, removedHostIds };
    },
    listen(onChange) {
      const stop = needs.changes.listen((change) => {
        switch (change.kind) {
          case "host":
            dirtyHosts.add(change.hostId);
            return onChange(true);
          case "host-removed":
            removed.add(change.hostId);
            return onChange(true);
          case "reading":
            dirtyHosts.add(change.reading.hostId as HostId);
            return onChange(false);
          case "job":
            dirtyJobs.set(change.job.id, change.job);
            dirtyHosts.add(change.job.hostId);
            return onChange(false);
          case "past-reading":
          case "ledger":
          case "prompts":
          case "member":
            return;
        }
      });
      const tick = setInterval(() => {
        for (const host of needs.hosts()) {
          if (statuses.get(host.id) === host.status.kind) continue;
          statuses.set(host.id, host.status.kind);
          dirtyHosts.add(host.id);
        }
        if (dirtyHosts.size > 0) onChange(false);
      }, statusTickMs);
      return () => {
        stop();
        clearInterval(tick);
      };
    },
  };
}

function metricsTopic(needs: TopicNeeds, id: HostId): Topic {
  if (!needs.host(id)) {
    const known = needs.hosts().map((host) => host.name);
    throw new Refusal("host-not-found", { host: id, known: known.join(", ") || "none" });
  }
  const read = (): TopicData => ({ kind: "metrics", reading: needs.latest(id) });
  return {
    jobId: null,
    snapshot: read,
    changes: read,
    listen(onChange) {
      const unwatch = needs.watch(id);
      const stop = needs.changes.listen((change) => {
        if (change.kind === "reading" && change.reading.hostId === id) onChange(false);
      });
      return () => {
        stop();
        unwatch();
      };
    },
  };
}

function jobTopic(needs: TopicNeeds, id: JobId): Topic {
  const read = (): JobRecord => {
    const job = needs.job(id);
    if (!job) throw new Refusal("job-not-found", { job: id });
    return job;
  };
  read();
  let state = "";
  return {
    jobId: id,
    snapshot: () => ({ kind: "job", job: read() }),
    changes: () => ({ kind: "job", job: read() }),
    listen: (onChange) =>
      needs.changes.listen((change) => {
        if (change.kind !== "job" || change.job.id !== id) return;
        const moved = change.job.state !== state || isJobEnded(change.job.state);
        state = change.job.state;
        onChange(moved);
      }),
  };
}

function ledgerTopic(needs: TopicNeeds): Topic {
  let lastSeq = 0;
  const take = (events: LedgerEvent[]): TopicData | null => {
    lastSeq = events.at(-1)?.seq ?? lastSeq;
    return { kind: "ledger", events, head: needs.ledgerHead() };
  };
  return {
    jobId: null,
    snapshot: () => take(needs.newestEvents()) ?? { kind: "ledger", events: [], head: needs.ledgerHead() },
    changes() {
      const events = needs.eventsAfter(lastSeq);
      return events.length === 0 ? null : take(events);
    },
    listen: (onChange) =>
      needs.changes.listen((change) => {
        if (change.kind === "ledger") onChange(false);
      }),
  };
}

function promptsTopic(needs: TopicNeeds): Topic {
  const read = (): TopicData => ({ kind: "prompts", prompts: needs.prompts() });
  return {
    jobId: null,
    snapshot: read,
    changes: read,
    listen(onChange) {
      const leave = needs.attend();
      const stop = needs.changes.listen((change) => {
        if (change.kind === "prompts") onChange(true);
      });
      return () => {
        stop();
        leave();
      };
    },
  };
}
