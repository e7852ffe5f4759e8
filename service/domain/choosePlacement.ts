import type { HostRecord } from "../../protocol/host.ts";
import { countedGpus } from "../../protocol/countedGpus.ts";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import { Refusal } from "../../protocol/problem.ts";

/**
 * The host for a job. Named: that one. Not named: the only online host with a free GPU; none or several is the
 * Refusal `no-host-fits`, which lists the choices.
 */
export function choosePlacement(hosts: readonly HostRecord[], wanted: string | undefined): HostRecord {
  if (wanted !== undefined) {
    const named = hosts.find((host) => host.name === wanted || host.id === wanted);
    if (named) return named;
    const known = hosts.map((host) => host.name).join(", ") || "none";
    throw new Refusal("host-not-found", { host: wanted, known });
  }
  const fitting = hosts.filter((host) => freeGpuCount(host.gpus, host) > 0);
  const [only] = fitting;
  if (only && fitting.length === 1) return only;
  const reason =
    fitting.length === 0
      ? "No online host has a free GPU."
      : `${fitting.length} hosts have a free GPU: ${fitting.map((host) => host.name).join(", ")}.`;
  throw new Refusal("no-host-fits", {
    reason,
    choices: `The hosts are: ${hosts.map(choiceText).join("; ")}.`,
  });
}

function choiceText(host: HostRecord): string {
  if (host.status.kind !== "online") return `${host.name} (${host.status.kind})`;
  if (host.gpus.length === 0)
    return host.reading?.gpuProblem ? `${host.name} (GPUs cannot be read)` : `${host.name} (no GPU)`;
  return `${host.name} (${freeGpuCount(host.gpus, host)} of ${countedGpus(host.gpus).length} GPUs free)`;
}
