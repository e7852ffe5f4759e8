import { countedGpus } from "../../protocol/countedGpus.ts";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import { metricValue } from "../../protocol/metric.ts";
import type { GpuReading } from "../../protocol/reading.ts";
import { gpusOf, type FleetState, type KnownHost } from "./fleetState.ts";

/** Whether the GPU itself is broken, by its figures. */
export function isFaulty(gpu: GpuReading): boolean {
  const figures = [gpu.utilizationPct, gpu.memoryUsedBytes, gpu.memoryTotalBytes, gpu.temperatureC];
  return figures.some((metric) => "unsupported" in metric && metric.unsupported === "fault");
}

/** The fleet's GPUs at a glance. Only hosts that are online count. */
export interface GpuUse {
  onlineHosts: number;
  hosts: number;
  gpus: number;
  /** Used by anybody, or taken by a job of ours that does not show on a GPU yet. */
  busy: number;
  unknown: number;
  /** Mean of what is known, 0 to 100; null when no GPU says. */
  meanUtilizationPct: number | null;
  /** Sum over all online hosts with a rate; null when none has one. */
  microUsdPerHour: number | null;
}

/** Counts the GPUs of the hosts that are online. */
export function gpuUse(fleet: FleetState): GpuUse {
  const all = [...fleet.hosts.values()];
  const online = all.filter((host: KnownHost) => host.record.status.kind === "online");
  const gpus = online.flatMap((host) => countedGpus(gpusOf(host)));
  const loads = gpus.map((gpu) => metricValue(gpu.utilizationPct)).filter((load) => load !== null);
  const rates = online.map((host) => host.record.rateMicroUsdPerHour).filter((rate) => rate !== null);
  const unknown = gpus.filter((gpu) => gpu.occupancy.kind === "unknown").length;
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    onlineHosts: online.length,
    hosts: all.length,
    gpus: gpus.length,
    busy: gpus.length - unknown - sum(online.map((host) => freeGpuCount(gpusOf(host), host.record))),
    unknown,
    meanUtilizationPct: loads.length === 0 ? null : sum(loads) / loads.length,
    microUsdPerHour: rates.length === 0 ? null : sum(rates),
  };
}
