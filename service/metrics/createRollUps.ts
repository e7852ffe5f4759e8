import { setImmediate } from "node:timers/promises";
import type { HostMetrics } from "../../protocol/hostMetrics.ts";
import { lateMs } from "../../protocol/hostSeries.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { MetricsFile } from "./metricsFile.ts";
import {
  beginOf,
  columnsOf,
  inSteps,
  pointOf,
  rolledUp,
  type MetricOfGpu,
  type MetricPoint,
} from "./metricPoint.ts";
import { packed, unpacked } from "./packedPoints.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The steps that are kept: how long one is, of what time a piece in the file is, and for how long it stays. */
const minutes = { stepMs: minuteMs, pieceMs: hourMs, keptMs: 30 * dayMs } as const;
const hours = { stepMs: hourMs, pieceMs: dayMs, keptMs: 730 * dayMs } as const;
type Level = typeof minutes | typeof hours;

/** Of so long a time at once minutes are answered; hours of longer ones. */
const minutesAtOnceMs = 7 * dayMs;
/** More points are not answered: the step grows instead. */
const mostPoints = 2_000;
/** Without a first time, so much is answered. */
const usualMs = dayMs;
/** Readings that follow each other faster are passed over. */
const leastApartMs = 400;
/** More GPUs than a host can have are not kept of it, whatever it says. */
const mostGpus = 256;
/** While nothing can be written, older pieces than these of a host go. */
const mostUnwritten = 6;
/** So many pieces are read before others have their turn. */
const piecesAtOnce = 8;

/** What is asked for: service clock in milliseconds, both ends included. */
export interface RollUpQuery {
  fromMs: number | null;
  toMs: number | null;
  stepMs: number;
}

/** What hosts did over months. */
export interface RollUps {
  /** Takes a reading. */
  add(reading: HostReading): void;
  /**
   * What a host did, in steps of at least the length asked for: longer ones where there would be too many, where what lies so
   * far back is kept by the hour, or where more than a week is asked for.
   */
  between(hostId: string, query: RollUpQuery): Promise<{ stepMs: number; metrics: HostMetrics }>;
  forget(hostId: string): void;
  /** Takes away what of a host is older than is kept, as `writeDue` does for hosts that are read. */
  clean(hostId: string): void;
  /** Writes what is due: each second for a sixtieth of the hosts, so that no moment is long. */
  writeDue(): void;
  /** Writes everything, also of a minute that is not over. */
  writeAll(): void;
}

interface Piece {
  level: Level;
  beginMs: number;
  points: Map<number, MetricPoint>;
  gpus: Set<string>;
}

/** A host of which something is not in the file yet. */
interface Open {
  /** At which of sixty seconds it is written. */
  slot: number;
  /** The readings of the present minute. */
  readings: MetricPoint[];
  /** The minutes of the present hour, and the hours of the present day. */
  minutes: Piece;
  hours: Piece;
  unwritten: Set<Piece>;
  cleanedAtMs: number;
}

/**
 * Rolls readings up into minutes and hours, and keeps those in a file: minutes for 30 days, hours for two years. What cannot be
 * written is tried again; `onFailure` is told of the first failure in a row.
 */
export function createRollUps(
  file: MetricsFile,
  now: () => number,
  onFailure: (error: unknown) => void,
): RollUps {
  const hosts = new Map<string, Open>();
  const oneAtATime = createQueue();
  let hostsSoFar = 0;
  let seconds = 0;
  let isFailing = false;

  /** A failing disk must not keep anybody from the readings themselves. */
  function attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      fail(error);
    }
  }
  function fail(error: unknown): void {
    if (!isFailing) onFailure(error);
    isFailing = true;
  }

  function load(hostId: string, level: Level, beginMs: number): Piece {
    const body = file.get(hostId, level.stepMs, beginMs);
    const points = body === null ? [] : unpacked(body);
    const gpus = new Set(points.flatMap((point) => [...point.gpus.keys()]));
    return { level, beginMs, points: new Map(points.map((point) => [point.atMs, point])), gpus };
  }

  function opened(hostId: string, atMs: number): Open {
    const known = hosts.get(hostId);
    if (known !== undefined) return known;
    const open: Open = {
      slot: (hostsSoFar += 1) % 60,
      readings: [],
      minutes: load(hostId, minutes, beginOf(atMs, minutes.pieceMs)),
      hours: load(hostId, hours, beginOf(atMs, hours.pieceMs)),
      unwritten: new Set(),
      cleanedAtMs: Number.NEGATIVE_INFINITY,
    };
    hosts.set(hostId, open);
    return open;
  }

  /** Puts the present minute into its hour, and that hour into its day. */
  function close(hostId: string, open: Open): void {
    const [first] = open.readings;
    if (first === undefined) return;
    const minute = beginOf(first.atMs, minuteMs);
    for (const key of ["minutes", "hours"] as const) {
      const { level, beginMs } = open[key];
      const wanted = beginOf(minute, level.pieceMs);
      if (beginMs !== wanted)
        open[key] =
          [...open.unwritten].find((piece) => piece.level === level && piece.beginMs === wanted) ??
          load(hostId, level, wanted);
      open.unwritten.add(open[key]);
    }
    put(open.minutes, rolledUp(minute, open.readings));
    const hour = beginOf(minute, hourMs);
    open.hours.points.set(hour, within(open.hours, rolledUp(hour, [...open.minutes.points.values()])));
    open.readings = [];
    for (const piece of open.unwritten) {
      if (open.unwritten.size <= mostUnwritten) break;
      open.unwritten.delete(piece);
    }
  }

  function write(hostId: string, open: Open): void {
    if (open.unwritten.size === 0) return;
    const pieces = [...open.unwritten].map(({ level, beginMs, points }) => {
      return { hostId, stepMs: level.stepMs, beginMs, body: packed([...points.values()]) };
    });
    file.put(pieces);
    isFailing = false;
    open.unwritten.clear();
  }

  function clean(hostId: string): void {
    for (const { stepMs, keptMs, pieceMs } of [minutes, hours])
      file.removeOlder(hostId, stepMs, now() - keptMs - pieceMs);
  }

  /** The pieces in the file; none where it cannot be read. */
  function written(hostId: string, level: Level, fromMs: number, toMs: number): Buffer[] {
    try {
      const pieces = file.range(hostId, level.stepMs, beginOf(fromMs, level.pieceMs), toMs);
      return pieces.map(({ body }) => body);
    } catch (error) {
      fail(error);
      return [];
    }
  }

  async function kept(hostId: string, level: Level, fromMs: number, toMs: number): Promise<MetricPoint[]> {
    const points = new Map<number, MetricPoint>();
    const take = (some: Iterable<MetricPoint>): void => {
      for (const point of some) points.set(point.atMs, point);
    };
    for (const [at, body] of written(hostId, level, fromMs, toMs).entries()) {
      if (at % piecesAtOnce === piecesAtOnce - 1) await setImmediate();
      take(unpacked(body));
    }
    const open = hosts.get(hostId);
    if (open !== undefined) {
      for (const piece of open.unwritten) if (piece.level === level) take(piece.points.values());
      take(present(open, level, points));
    }
    return [...points.values()].filter(({ atMs }) => atMs + level.stepMs > fromMs && atMs <= toMs);
  }

  /** The minute that is not over, or the hour with it. */
  function present(open: Open, level: Level, points: ReadonlyMap<number, MetricPoint>): MetricPoint[] {
    const [first] = open.readings;
    if (first === undefined) return [];
    const minute = rolledUp(beginOf(first.atMs, minuteMs), open.readings);
    const before = open.minutes.points.get(minute.atMs) ?? points.get(minute.atMs);
    const whole = before === undefined || level === hours ? minute : rolledUp(minute.atMs, [before, minute]);
    if (level === minutes) return [whole];
    const hour = beginOf(minute.atMs, hourMs);
    const others = [...open.minutes.points.values()].filter(({ atMs }) => beginOf(atMs, hourMs) === hour);
    return [rolledUp(hour, [...others, minute])];
  }

  return {
    add: (reading) =>
      attempt(() => {
        const open = opened(reading.hostId, reading.atMs);
        const lastMs = open.readings.at(-1)?.atMs ?? null;
        const sinceMs = reading.atMs - (lastMs ?? Number.NEGATIVE_INFINITY);
        if (sinceMs < leastApartMs && sinceMs > -lateMs) return;
        if (lastMs !== null && beginOf(lastMs, minuteMs) !== beginOf(reading.atMs, minuteMs))
          close(reading.hostId, open);
        open.readings.push(pointOf(reading));
      }),
    async between(hostId, { fromMs, toMs, stepMs }) {
      const endMs = Math.min(toMs ?? now(), now());
      const beginMs = fromMs ?? endMs - usualMs;
      const spanMs = endMs - beginMs;
      const least = Math.max(stepMs, Math.ceil(spanMs / mostPoints));
      const isLong = beginMs < now() - minutes.keptMs || spanMs > minutesAtOnceMs;
      const level = isLong || least >= hourMs ? hours : minutes;
      const step = Math.ceil(least / level.stepMs) * level.stepMs;
      const points = await oneAtATime(() => kept(hostId, level, beginMs, endMs));
      return { stepMs: step, metrics: columnsOf(inSteps(points, step)) };
    },
    forget(hostId) {
      hosts.delete(hostId);
      attempt(() => file.removeHost(hostId));
    },
    writeDue() {
      seconds += 1;
      for (const [hostId, open] of hosts) {
        if (open.slot !== seconds % 60) continue;
        attempt(() => {
          const [first] = open.readings;
          if (first !== undefined && now() - beginOf(first.atMs, minuteMs) >= minuteMs) close(hostId, open);
          write(hostId, open);
          const sinceMs = now() - open.cleanedAtMs;
          if (sinceMs >= 0 && sinceMs < hourMs) return;
          open.cleanedAtMs = now();
          clean(hostId);
        });
      }
    },
    writeAll() {
      for (const [hostId, open] of hosts)
        attempt(() => {
          close(hostId, open);
          write(hostId, open);
        });
    },
    clean: (hostId) => attempt(() => clean(hostId)),
  };
}

/** A minute that a service which was started again had begun is one with the rest of it. */
function put(piece: Piece, point: MetricPoint): void {
  const before = piece.points.get(point.atMs);
  const whole = before === undefined ? point : rolledUp(point.atMs, [before, point]);
  piece.points.set(point.atMs, within(piece, whole));
}

/** A point without the GPUs that are too many for its piece. */
function within({ gpus }: Piece, point: MetricPoint): MetricPoint {
  const kept = new Map<string, MetricOfGpu>();
  for (const [uuid, figures] of point.gpus) {
    if (!gpus.has(uuid) && gpus.size >= mostGpus) continue;
    gpus.add(uuid);
    kept.set(uuid, figures);
  }
  return { ...point, gpus: kept };
}

/** Runs one after the other, however many are asked for. */
function createQueue(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
}
