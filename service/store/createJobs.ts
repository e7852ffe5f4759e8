import { isJobEnded, jobRecordSchema, type JobRecord, type JobState } from "../../protocol/job.ts";
import type { JobId } from "../../protocol/ids.ts";
import type { LedgerEvent, NewEvent } from "../../protocol/ledger/events.ts";
import { decideJob, evolveJob, type JobStep } from "../domain/decideJob.ts";
import type { Jobs } from "../dispatch/jobs.ts";
import type { Store } from "./openStore.ts";

/** Ties a repeated request to the job that the first one made. */
export interface IdempotencyKey {
  key: string;
  requestSha256: string;
}

/** Jobs in the database. State changes and their events share a transaction. */
export interface JobsTable extends Jobs {
  /** A new job, queued and placed on its host in one transaction. */
  create(job: JobRecord, idempotency: IdempotencyKey | null): JobRecord;
  /** The job an earlier request with this key made, and the hash of that request. */
  byKey(createdBy: string, key: string): { job: JobRecord; requestSha256: string } | null;
  /** Notes who asked for the job's end, as an event. */
  requestCancel(id: JobId, actor: string): JobRecord;
  /** Newest first, from before a position. */
  list(limit: number, before: number | null): { jobs: JobRecord[]; nextBefore: number | null };
  /** The newest, and all older ones that have not ended. */
  recent(limit: number): JobRecord[];
  activeOn(hostId: string): number;
  /** How many jobs there are in each state. */
  byState(): ReadonlyMap<JobState, number>;
  /** Whether a job is on a host and has not ended. */
  isActiveOn(id: JobId, hostId: string): boolean;
}

interface JobRow {
  id: string;
  position: number;
  record: string;
}

/** The jobs table. `append` is the ledger's; `onChange` hears of every change once it is durable. */
export function createJobs(
  store: Store,
  append: (event: NewEvent) => LedgerEvent,
  onChange: (job: JobRecord, inLedger: boolean) => void,
): JobsTable {
  const { db } = store;
  const select = db.prepare<[string], JobRow>("SELECT id, position, record FROM jobs WHERE id = ?");
  const selectKey = db.prepare<[string, string], { id: string; record: string; request_sha256: string }>(
    "SELECT id, record, request_sha256 FROM jobs WHERE created_by = ? AND idempotency_key = ?",
  );
  const insert = db.prepare(
    `INSERT INTO jobs (id, position, state, record, created_by, idempotency_key, request_sha256)
     VALUES (@id, (SELECT coalesce(max(position), 0) + 1 FROM jobs), @state, @record, @createdBy, @key, @requestSha256)`,
  );
  const update = db.prepare("UPDATE jobs SET state = @state, record = @record WHERE id = @id");
  const selectActive = db.prepare<[], JobRow>(
    "SELECT id, position, record FROM jobs WHERE state IN ('queued', 'placed', 'syncing', 'running') ORDER BY position",
  );
  const countByState = db.prepare<[], { state: JobState; count: number }>(
    "SELECT state, count(*) AS count FROM jobs GROUP BY state",
  );
  const selectPage = db.prepare<[number, number], JobRow>(
    "SELECT id, position, record FROM jobs WHERE position < ? ORDER BY position DESC LIMIT ?",
  );
  /** Jobs that have not ended, oldest first, with what was noted of them since: what is asked for all the time. */
  const open = new Map<JobId, JobRecord>();
  /** How many have ended, by their state: counted once, and told on since. */
  const ended = new Map<JobState, number>();

  function parse(record: string): JobRecord {
    return jobRecordSchema.parse(JSON.parse(record));
  }

  function get(id: JobId): JobRecord | null {
    const known = open.get(id);
    if (known) return known;
    const row = select.get(id);
    return row ? parse(row.record) : null;
  }

  function newest(row: { id: string; record: string }): JobRecord {
    return open.get(row.id as JobId) ?? parse(row.record);
  }

  function required(id: JobId): JobRecord {
    const job = get(id);
    if (!job) throw new RangeError(`there is no job ${id}`);
    return job;
  }

  /** Writes a job; once that is durable, remembers it and tells of it. */
  function save(job: JobRecord, afterCommit: (effect: () => void) => void): JobRecord {
    update.run({ id: job.id, state: job.state, record: JSON.stringify(job) });
    afterCommit(() => keep(job, true));
    return job;
  }

  function keep(job: JobRecord, inLedger: boolean): void {
    if (!isJobEnded(job.state)) open.set(job.id, job);
    else if (open.delete(job.id)) ended.set(job.state, (ended.get(job.state) ?? 0) + 1);
    onChange(job, inLedger);
  }

  for (const row of selectActive.all()) {
    const job = parse(row.record);
    open.set(job.id, job);
  }
  for (const { state, count } of countByState.all()) if (isJobEnded(state)) ended.set(state, count);

  return {
    get,
    active: () => [...open.values()],
    create(job, idempotency) {
      const { id: jobId, script, args, envNames, timeoutMs, hostId, host, createdBy } = job;
      return store.transact((afterCommit) => {
        const actor = createdBy;
        const queued = append({
          type: "job.queued",
          actor,
          payload: { jobId, script, args, envNames, timeoutMs },
        });
        const placed: JobRecord = { ...job, state: "placed", createdAtMs: queued.atMs };
        append({ type: "job.placed", actor, payload: { jobId, hostId, host } });
        const { key = null, requestSha256 = null } = idempotency ?? {};
        insert.run({
          id: jobId,
          state: "placed",
          record: JSON.stringify(placed),
          createdBy,
          key,
          requestSha256,
        });
        afterCommit(() => keep(placed, true));
        return placed;
      });
    },
    byKey(createdBy, key) {
      const row = selectKey.get(createdBy, key);
      return row ? { job: newest(row), requestSha256: row.request_sha256 } : null;
    },
    advance(id, step: JobStep, actor) {
      return store.transact((afterCommit) => {
        const job = required(id);
        const event = append(decideJob(job, step, actor));
        return save(evolveJob(job, step, event.atMs), afterCommit);
      });
    },
    note(id, noted) {
      const job = required(id);
      if (isJobEnded(job.state)) return job;
      const next = { ...job, ...noted, revision: job.revision + 1 };
      keep(next, false);
      return next;
    },
    requestCancel(id, actor) {
      return store.transact((afterCommit) => {
        const job = required(id);
        append({ type: "job.cancel-requested", actor, payload: { jobId: id } });
        return save({ ...job, cancelRequestedBy: actor, revision: job.revision + 1 }, afterCommit);
      });
    },
    list(limit, before) {
      const rows = selectPage.all(before ?? Number.MAX_SAFE_INTEGER, limit);
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { jobs: rows.map(newest), nextBefore: last?.position ?? null };
    },
    recent(limit) {
      const page = selectPage.all(Number.MAX_SAFE_INTEGER, limit).map(newest);
      const known = new Set(page.map(({ id }) => id));
      return [...page, ...[...open.values()].filter(({ id }) => !known.has(id))];
    },
    byState() {
      const counts = new Map(ended);
      for (const { state } of open.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
      return counts;
    },
    isActiveOn: (id, hostId) => open.get(id)?.hostId === hostId,
    activeOn(hostId) {
      let count = 0;
      for (const job of open.values()) if (job.hostId === hostId) count += 1;
      return count;
    },
  };
}
