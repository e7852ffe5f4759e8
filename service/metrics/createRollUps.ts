import type { HostMetrics } from "../../protocol/hostMetrics.ts";
import { lateMs } from "../../protocol/hostSeries.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { MetricsFile } from "./metricsFile.ts";
import { beginOf, columnsOf, inSteps, pointOf, rolledUp, type MetricPoint } from "./metricPoint.ts";
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
  between(hostId: string, query: RollUpQuery): { stepMs: number; metrics: HostMetrics };
  forget(hostId: string): void;
  /** Writes what is due: each second for a sixtieth of the hosts, so that no moment is long. */
  writeDue(): void;
  /** Writes everything, also of a minute that is not over. */
  writeAll(): void;
}

interface Piece {
  level: Level;
  beginMs: number;
  points: Map<number, MetricPoint>;
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
  let hostsSoFar = 0;
  let seconds = 0;
  let cleanedAtMs = Number.NEGATIVE_INFINITY;
  let isFailing = false;

  /** A failing disk must not keep anybody from the readings themselves. */
  function attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!isFailing) onFailure(error);
      isFailing = true;
    }
  }

  function load(hostId: string, level: Level, beginMs: number): Piece {
    const body = file.get(hostId, level.stepMs, beginMs);
    const points = body === null ? [] : unpacked(body);
    return { level, beginMs, points: new Map(points.map((point) => [point.atMs, point])) };
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
    const ofHour = [...open.minutes.points.values()];
    open.hours.points.set(hour, rolledUp(hour, ofHour));
    open.readings = [];
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

  function clean(): void {
    const sinceMs = now() - cleanedAtMs;
    if (sinceMs >= 0 && sinceMs < hourMs) return;
    cleanedAtMs = now();
    for (const { stepMs, keptMs, pieceMs } of [minutes, hours])
      file.removeOlder(stepMs, now() - keptMs - pieceMs);
  }

  function kept(hostId: string, level: Level, fromMs: number, toMs: number): MetricPoint[] {
    const points = new Map<number, MetricPoint>();
    for (const { body } of file.range(hostId, level.stepMs, beginOf(fromMs, level.pieceMs), toMs))
      for (const point of unpacked(body)) points.set(point.atMs, point);
    const open = hosts.get(hostId);
    if (open !== undefined) {
      for (const piece of open.unwritten)
        if (piece.level === level) for (const point of piece.points.values()) points.set(point.atMs, point);
      for (const point of inSteps(open.readings, level.stepMs)) put({ points }, point);
    }
    return [...points.values()].filter(({ atMs }) => atMs + level.stepMs > fromMs && atMs <= toMs);
  }

  return {
    add: (reading) =>
      attempt(() => {
        const open = opened(reading.hostId, reading.atMs);
        const lastMs = open.readings.at(-1)?.atMs ?? null;
        if (lastMs !== null && reading.atMs <= lastMs && lastMs - reading.atMs < lateMs) return;
        if (lastMs !== null && beginOf(lastMs, minuteMs) !== beginOf(reading.atMs, minuteMs))
          close(reading.hostId, open);
        open.readings.push(pointOf(reading));
      }),
    between(hostId, { fromMs, toMs, stepMs }) {
      const endMs = Math.min(toMs ?? now(), now());
      const beginMs = fromMs ?? endMs - usualMs;
      const spanMs = endMs - beginMs;
      const least = Math.max(stepMs, Math.ceil(spanMs / mostPoints));
      const isLong = beginMs < now() - minutes.keptMs || spanMs > minutesAtOnceMs;
      const level = isLong || least >= hourMs ? hours : minutes;
      const step = Math.ceil(least / level.stepMs) * level.stepMs;
      return { stepMs: step, metrics: columnsOf(inSteps(kept(hostId, level, beginMs, endMs), step)) };
    },
    forget(hostId) {
      hosts.delete(hostId);
      attempt(() => file.removeHost(hostId));
    },
    writeDue() {
      seconds += 1;
      attempt(() => {
        for (const [hostId, open] of hosts) {
          if (open.slot !== seconds % 60) continue;
          const [first] = open.readings;
          if (first !== undefined && now() - beginOf(first.atMs, minuteMs) >= minuteMs) close(hostId, open);
          write(hostId, open);
        }
        clean();
      });
    },
    writeAll: () =>
      attempt(() => {
        for (const [hostId, open] of hosts) {
          close(hostId, open);
          write(hostId, open);
        }
      }),
  };
}

/** A minute that a service which was started again had begun is one with the rest of it. */
function put({ points }: Pick<Piece, "points">, point: MetricPoint): void {
  const before = points.get(point.atMs);
  points.set(point.atMs, before === undefined ? point : rolledUp(point.atMs, [before, point]));
}
