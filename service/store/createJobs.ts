import { jobRecordSchema, type JobRecord } from "../../protocol/job.ts";
import type { JobId } from "../../protocol/ids.ts";
import type { LedgerEvent, NewEvent } from "../../protocol/ledger/events.ts";
import { decideJob, evolveJob, type JobStep } from "../domain/decideJob.ts";
import type { JobProgress, Jobs } from "../dispatch/jobs.ts";
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
  activeOn(hostId: string): number;
}

interface JobRow {
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
  const select = db.prepare<[string], JobRow>("SELECT position, record FROM jobs WHERE id = ?");
  const selectKey = db.prepare<[string, string], { record: string; request_sha256: string }>(
    "SELECT record, request_sha256 FROM jobs WHERE created_by = ? AND idempotency_key = ?",
  );
  const insert = db.prepare(
    `INSERT INTO jobs (id, position, state, record, created_by, idempotency_key, request_sha256)
     VALUES (@id, (SELECT coalesce(max(position), 0) + 1 FROM jobs), @state, @record, @createdBy, @key, @requestSha256)`,
  );
  const update = db.prepare("UPDATE jobs SET state = @state, record = @record WHERE id = @id");
  const selectActive = db.prepare<[], JobRow>(
    "SELECT position, record FROM jobs WHERE state IN ('queued', 'placed', 'syncing', 'running') ORDER BY position",
  );
  const selectPage = db.prepare<[number, number], JobRow>(
    "SELECT position, record FROM jobs WHERE position < ? ORDER BY position DESC LIMIT ?",
  );
  const progress = new Map<string, JobProgress>();

  function withProgress(job: JobRecord): JobRecord {
    return { ...job, ...progress.get(job.id) };
  }

  function parse(record: string): JobRecord {
    return withProgress(jobRecordSchema.parse(JSON.parse(record)));
  }

  function get(id: JobId): JobRecord | null {
    const row = select.get(id);
    return row ? parse(row.record) : null;
  }

  function required(id: JobId): JobRecord {
    const job = get(id);
    if (!job) throw new RangeError(`there is no job ${id}`);
    return job;
  }

  function save(job: JobRecord): void {
    update.run({ id: job.id, state: job.state, record: JSON.stringify(job) });
  }

  function active(): JobRecord[] {
    return selectActive.all().map((row) => parse(row.record));
  }

  return {
    get,
    active,
    create(job, idempotency) {
      const { id: jobId, script, args, envNames, timeoutMs, hostId, host, createdBy } = job;
      const placed: JobRecord = { ...job, state: "placed" };
      store.transact((afterCommit) => {
        const actor = createdBy;
        append({ type: "job.queued", actor, payload: { jobId, script, args, envNames, timeoutMs } });
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
        afterCommit(() => onChange(placed, true));
      });
      return placed;
    },
    byKey(createdBy, key) {
      const row = selectKey.get(createdBy, key);
      return row ? { job: parse(row.record), requestSha256: row.request_sha256 } : null;
    },
    advance(id, step: JobStep, actor) {
      return store.transact((afterCommit) => {
        const job = required(id);
        const event = append(decideJob(job, step, actor));
        const next = evolveJob(job, step, event.atMs);
        save(next);
        afterCommit(() => {
          if (next.endedAtMs !== null) progress.delete(id);
          onChange(next, true);
        });
        return next;
      });
    },
    note(id, noted) {
      progress.set(id, { ...progress.get(id), ...noted });
      const job = required(id);
      onChange(job, false);
      return job;
    },
    requestCancel(id, actor) {
      return store.transact((afterCommit) => {
        const job = required(id);
        append({ type: "job.cancel-requested", actor, payload: { jobId: id } });
        const next = { ...job, cancelRequestedBy: actor, revision: job.revision + 1 };
        save(next);
        afterCommit(() => onChange(next, true));
        return next;
      });
    },
    list(limit, before) {
      const rows = selectPage.all(before ?? Number.MAX_SAFE_INTEGER, limit);
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { jobs: rows.map((row) => parse(row.record)), nextBefore: last?.position ?? null };
    },
    activeOn: (hostId) => active().filter((job) => job.hostId === hostId).length,
  };
}
