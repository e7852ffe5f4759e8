import { sentReadingSchema } from "../../protocol/agentLink.ts";
import { hostText } from "../../protocol/hostText.ts";
import type { JobId } from "../../protocol/ids.ts";
import type { GpuHealth, GpuProcess, GpuReading, HostReading, Occupancy } from "../../protocol/reading.ts";

/** What is known of where a reading comes from. */
export interface TakenReadingNeeds {
  hostId: string;
  nowMs: number;
  isJobOn: (jobId: JobId) => boolean;
}

const mostGpus = 256;
const mostProcesses = 1_000;
const mostReasons = 20;
const nameLength = 200;
/** What was read longer ago is kept nowhere minute by minute. */
const oldestMs = 30 * 86_400_000;

/**
 * An agent's reading as the service's own: in its clock, of the agent's own host, with words of the host made harmless and
 * no job of ours that does not run there. Null where it is too old to be kept. Throws where it is no reading.
 */
export function takenReading(
  text: string,
  { hostId, nowMs, isJobOn }: TakenReadingNeeds,
): { reading: HostReading; live: boolean } | null {
  const { sentAtMs, live, reading } = sentReadingSchema.parse(JSON.parse(text));
  const shiftMs = Math.round(nowMs - sentAtMs);
  const shifted = (atMs: number): number => Math.min(nowMs, Math.round(atMs + shiftMs));
  const atMs = shifted(reading.atMs);
  if (!Number.isSafeInteger(atMs) || atMs < nowMs - oldestMs) return null;

  const process = (one: GpuProcess): GpuProcess => ({
    ...one,
    name: hostText(one.name, nameLength),
    user: textOrNull(one.user),
    jobId: one.jobId !== null && isJobOn(one.jobId) ? one.jobId : null,
    startedAtMs: one.startedAtMs === null ? null : shifted(one.startedAtMs),
  });
  const gpu = (one: GpuReading): GpuReading => ({
    ...one,
    uuid: hostText(one.uuid, nameLength),
    name: hostText(one.name, nameLength),
    pciBusId: textOrNull(one.pciBusId),
    driverVersion: textOrNull(one.driverVersion),
    occupancy: occupancy(one.occupancy, process),
    health: health(one.health),
    throttle: one.throttle?.slice(0, mostReasons).map((code) => hostText(code, nameLength)) ?? null,
    division:
      one.division.kind === "instance"
        ? { kind: "instance", of: hostText(one.division.of, nameLength) }
        : one.division,
    atMs: shifted(one.atMs),
  });
  const { gpuProblem } = reading;
  return {
    live,
    reading: {
      ...reading,
      hostId,
      atMs,
      bootId: textOrNull(reading.bootId),
      machineId: textOrNull(reading.machineId),
      os: textOrNull(reading.os),
      gpus: reading.gpus.slice(0, mostGpus).map(gpu),
      gpuProblem:
        gpuProblem === null
          ? null
          : { code: hostText(gpuProblem.code, nameLength), detail: hostText(gpuProblem.detail) },
    },
  };
}

function health(of: GpuHealth): GpuHealth {
  if (of.kind !== "fault") return of;
  const reasons = of.reasons.slice(0, mostReasons);
  return {
    kind: "fault",
    reasons: reasons.map(({ code, text }) => ({ code: hostText(code, nameLength), text: hostText(text) })),
  };
}

function occupancy(of: Occupancy, process: (one: GpuProcess) => GpuProcess): Occupancy {
  switch (of.kind) {
    case "free":
      return of;
    case "busy":
      return { kind: "busy", processes: of.processes.slice(0, mostProcesses).map(process) };
    case "unknown":
      return { kind: "unknown", reason: hostText(of.reason) };
  }
}

function textOrNull(text: string | null): string | null {
  return text === null ? null : hostText(text, nameLength);
}
