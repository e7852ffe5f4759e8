import assert from "node:assert/strict";
import { ProbeFrames, type ProbeCarry } from "../../protocol/probe/probeFrames.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";

/** What the script says at its start, so that its lines are told from others. */
export const nonce = "00112233aabbccdd";

/** The cadence in ms. */
export const every = 1_000;

/** The uuid of GPU n. */
export const uuidOf = (n: number) => `GPU-0a0a0a0a-1111-4222-8333-00000000000${n}`;

/** The start of the query for figures. */
export const start = "G #start loop 1 uuid,pci.bus_id,memory.total,memory.used,utilization.gpu,name";

/** The start of the query for processes. */
export const appsStart = "A #start loop 1 gpu_uuid,pid,used_memory,process_name";

/** The first row of the query for processes. */
export const appsHeader = "A gpu_uuid, pid, used_gpu_memory [MiB], process_name";

/** Figures of GPU n. */
export const gpuRow = (n: number, util = "50", used = "20000") =>
  `G ${uuidOf(n)}, 00000000:0${n}:00.0, 24576, ${used}, ${util}, NVIDIA GeForce RTX 3090`;

/** A whole tick without GPUs; `user`: the CPU's counter. */
export const tick = (user: number) => [
  `P cpu  ${user} 0 0 ${1000 - user + user} 0 0 0 0 0 0`,
  "M 1000 400 600 - - - -",
  "C - - -",
  "U 55.20",
  "T",
];

/** What the script says first; `tool`: where nvidia-smi is. */
export const hello = (tool: string, boot = "boot-1") => [
  "Welcome to the machine, be kind",
  `hwledger-probe ${nonce}`,
  "H kernel Linux 6.1.0 x86_64",
  `H boot ${boot}`,
  "H machine 0123456789abcdef",
  'H distro "Debian GNU/Linux 12"',
  `H tool ${tool}`,
];

/** Frames that the test feeds line by line, and the readings they gave out. */
export function aProbe(
  options: { cadenceMs?: number; startedAtMs?: number; carry?: ProbeCarry | null } = {},
) {
  const { cadenceMs = every, startedAtMs = 0, carry = null } = options;
  const frames = new ProbeFrames({ hostId: "h-1", nonce, cadenceMs, startedAtMs, carry });
  const readings: HostReading[] = [];
  return {
    frames,
    readings,
    say(nowMs: number, ...lines: string[]) {
      readings.push(...frames.push(lines.map((line) => `${line}\n`).join(""), nowMs, 42));
    },
    flush(nowMs: number) {
      const reading = frames.flush(nowMs, 42);
      if (reading !== null) readings.push(reading);
    },
    get last(): HostReading {
      const reading = readings.at(-1);
      assert.ok(reading, "no reading yet");
      return reading;
    },
    gpu(n: number): GpuReading {
      const gpu = this.last.gpus.find(({ uuid }) => uuid === uuidOf(n));
      assert.ok(gpu, `no GPU ${n}`);
      return gpu;
    },
  };
}

/** A probe of a host with two GPUs that has given its first whole reading, at 300 ms. */
export function aRunningProbe() {
  const probe = aProbe();
  probe.say(0, ...hello("/usr/bin/nvidia-smi"), ...tick(10));
  probe.say(50, start, gpuRow(1), gpuRow(2, "0", "4"), appsStart, appsHeader);
  probe.say(60, `A ${uuidOf(1)}, 77, 19000, python3`);
  probe.flush(300);
  return probe;
}
