/** A GPU that `nvidia-smi -L` lists, with the instances (MIG) that it is divided into. */
export interface ListedGpu {
  uuid: string;
  instances: readonly ListedInstance[];
}

/** One of them. */
export interface ListedInstance {
  uuid: string;
  /** `1g.10gb`; `1c.3g.40gb` where it shares its memory with others. */
  profile: string;
  /** Its number among those of its GPU. */
  device: number;
}

const maxGpus = 256;
/** Of all GPUs together. */
const maxInstances = 256;

/** Reads `nvidia-smi -L`; blanks may be squeezed. What is no line of it is passed over. */
export function parseNvidiaSmiList(text: string): ListedGpu[] {
  const gpus: (ListedGpu & { instances: ListedInstance[] })[] = [];
  let count = 0;
  for (const line of text.split("\n")) {
    const gpu = /^GPU \d{1,4}: .*\(UUID: (GPU-[\w./-]{1,120})\)\s*$/.exec(line)?.[1];
    if (gpu !== undefined && gpus.length < maxGpus) gpus.push({ uuid: gpu, instances: [] });
    const [, profile, device, uuid] =
      /^\s*MIG ([\w.+-]{1,40})\s+Device\s+(\d{1,3}): \(UUID: (MIG-[\w./-]{1,120})\)\s*$/.exec(line) ?? [];
    const instances = gpus.at(-1)?.instances;
    if (profile === undefined || uuid === undefined || instances === undefined) continue;
    if ((count += 1) <= maxInstances) instances.push({ uuid, profile, device: Number(device) });
  }
  return gpus;
}
