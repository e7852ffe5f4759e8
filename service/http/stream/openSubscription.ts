import { isJobEnded, type JobRecord } from "../../../protocol/job.ts";
import type { JobId } from "../../../protocol/ids.ts";
import { problemOfError, Refusal } from "../../../protocol/problem.ts";
import { logFrameHead, type ServiceMessage } from "../../../protocol/stream.ts";
import { refuseWithoutLog } from "../refuseWithoutLog.ts";
import { pumpLog, type LogPump, type LogSource } from "./pumpLog.ts";
import type { Topic } from "./topics.ts";

/** The way to a client. */
export interface Outlet {
  send(message: ServiceMessage): void;
  /** One binary message of these two parts, which are not copied together. */
  sendFrame(head: Uint8Array, bytes: Uint8Array): void;
  /** Bytes that the connection has not taken yet. */
  waitingBytes(): number;
}

/** One topic that a client looks at. */
export interface OpenSubscription {
  /** The client has taken this many log bytes more. */
  credit(bytes: number): void;
  /** The connection has taken what waited. */
  roomAgain(): void;
  stop(): void;
}

/** What a subscription needs. */
export interface SubscriptionNeeds {
  id: number;
  topic: Topic;
  /** With a job: its log from this byte on. */
  logFrom: number | null;
  outlet: Outlet;
  logs: LogSource;
  job: (id: JobId) => JobRecord | null;
  /** The subscription cannot go on; the client was told. */
  onBroken: () => void;
}

/** Bytes waiting above which updates are put off and coalesced. */
const congestedBytes = 1_048_576;
/** Bytes waiting above which logs wait, however many are followed. */
const fullBytes = 4 * 1_048_576;
/** Shortest time between two updates, in milliseconds. */
const updateGapMs = 100;

/**
 * Sends a snapshot of a topic, then what changes, and a job's log. Throws `offset-beyond-log` and
 * `log-not-available`.
 */
export function openSubscription(needs: SubscriptionNeeds): OpenSubscription {
  const { id, topic, logFrom, outlet } = needs;
  refuseBeyondLog(needs);
  outlet.send({ type: "snapshot", id, revision: 1, data: topic.snapshot() });
  const updates = keepUpdated(needs);
  const log =
    logFrom === null || topic.jobId === null ? null : sendLog(needs, topic.jobId, logFrom, updates.flush);
  return {
    credit: (bytes) => log?.credit(bytes),
    roomAgain: () => log?.wake(),
    stop() {
      updates.stop();
      log?.stop();
    },
  };
}

function refuseBeyondLog({ topic, logFrom, job, logs }: SubscriptionNeeds): void {
  if (logFrom === null || topic.jobId === null) return;
  const known = job(topic.jobId);
  if (known) refuseWithoutLog(known, logs.size(topic.jobId));
  if (known && isJobEnded(known.state) && logFrom > known.logBytes)
    throw new Refusal("offset-beyond-log", { offset: logFrom, bytes: known.logBytes });
}

/** Sends what changed: the first change at once, further ones together after a gap or when the connection has room. */
function keepUpdated({ id, topic, outlet, onBroken }: SubscriptionNeeds): {
  flush: () => void;
  stop: () => void;
} {
  let timer: NodeJS.Timeout | null = null;
  let dirty = false;
  let revision = 1;

  function flush(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (!dirty) return;
    dirty = false;
    const data = topic.changes();
    if (data !== null) outlet.send({ type: "update", id, revision: ++revision, data });
    timer = setTimeout(flushWhenRoom, updateGapMs);
  }

  function flushWhenRoom(): void {
    timer = null;
    try {
      if (outlet.waitingBytes() <= congestedBytes) flush();
      else timer = setTimeout(flushWhenRoom, updateGapMs);
    } catch (error) {
      outlet.send({ type: "problem", id, problem: problemOfError(error, "stream") });
      onBroken();
    }
  }

  const stopListening = topic.listen((urgent) => {
    dirty = true;
    if (timer !== null && !urgent) return;
    if (timer) clearTimeout(timer);
    flushWhenRoom();
  });
  return {
    flush,
    stop() {
      stopListening();
      if (timer) clearTimeout(timer);
    },
  };
}

function sendLog(needs: SubscriptionNeeds, jobId: JobId, from: number, flushUpdates: () => void): LogPump {
  const { id, topic, outlet } = needs;
  let stopWaiting = (): void => undefined;
  const pump = pumpLog(needs.logs, jobId, from, {
    congested: () => outlet.waitingBytes() > fullBytes,
    send: (offset, bytes) => outlet.sendFrame(logFrameHead({ id, offset }), bytes),
    onEnd: (bytes) => {
      stopWaiting = whenEnded(
        topic,
        () => needs.job(jobId),
        () => {
          flushUpdates();
          outlet.send({ type: "log-end", id, bytes });
        },
      );
    },
    onError: (error) => {
      outlet.send({ type: "problem", id, problem: problemOfError(error, "log") });
      needs.onBroken();
    },
  });
  return {
    ...pump,
    stop() {
      pump.stop();
      stopWaiting();
    },
  };
}

/** The end of the log is told after the record that says how the job ended. */
function whenEnded(topic: Topic, job: () => JobRecord | null, tell: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const tellIfEnded = (): boolean => {
    const known = job();
    if (known !== null && !isJobEnded(known.state)) return false;
    timer = setTimeout(tell, 0);
    return true;
  };
  if (tellIfEnded()) return () => clearTimeout(timer);
  const stop = topic.listen(() => {
    if (tellIfEnded()) stop();
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
