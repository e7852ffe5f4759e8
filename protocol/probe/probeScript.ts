import { nvidiaSmiAppsFields } from "./nvidiaSmiApps.ts";
import { nvidiaSmiFieldLists } from "./nvidiaSmiRow.ts";
import { probeShellFunctions } from "./probeShellFunctions.ts";

/** What a probe is told before it starts. */
export interface ProbeScriptOptions {
  /** Lower-case hex; the first line that counts carries it, since a login's rc files may print before. */
  nonce: string;
  /** Whole seconds from reading to reading. */
  everyS: number;
  /** Where /proc, /sys and /dev are; a test puts its own there. */
  procRoot?: string;
  sysRoot?: string;
  devRoot?: string;
  /** Tried after the PATH, which is short in a session without a terminal. */
  toolPaths?: readonly string[];
  /** Of a Mac whose GPUs were listed before: `kern.bootsessionuuid` of then. */
  listedBoot?: string | null;
  /** Lists of the names of AMD's cards. */
  amdLists?: readonly string[];
  /** Seconds until a tool that ended is started again. */
  restartS?: number;
}

/** GPUs that can sleep are asked no more often than this: every question keeps them awake for a while. */
export const sleepyGpuEveryS = 15;

/** What costs the start of a tool for each answer is asked every 15 s at most, or every 5 s where somebody watches. */
function slowToolEveryS(everyS: number): number {
  return Math.max(everyS, 5);
}

const nvidiaSmiPaths = [
  "/usr/bin/nvidia-smi",
  "/usr/local/bin/nvidia-smi",
  "/usr/lib/wsl/lib/nvidia-smi",
  "/usr/local/nvidia/bin/nvidia-smi",
  "/opt/nvidia/bin/nvidia-smi",
  "/opt/bin/nvidia-smi",
  "/run/current-system/sw/bin/nvidia-smi",
];

const amdgpuIds = ["/usr/share/libdrm/amdgpu.ids", "/opt/amdgpu/share/libdrm/amdgpu.ids"];

/**
 * The text for the stdin of one `/bin/sh -s`. It prints tagged lines (README.md) until its stdin closes, then
 * ends every process it started. It reads nothing of its stdin and must be the last text written there. POSIX
 * sh; the only process per tick is a `sleep`, beside the tool in its own loop.
 */
export function probeScript(options: ProbeScriptOptions): string {
  const {
    nonce,
    everyS,
    procRoot = "/proc",
    sysRoot = "/sys",
    devRoot = "/dev",
    restartS = 30,
    listedBoot = null,
  } = options;
  if (!/^[0-9a-f]{8,64}$/.test(nonce)) throw new Error("the nonce is not lower-case hex");
  if (!Number.isInteger(everyS) || everyS < 1 || everyS > 3600) throw new Error("bad cadence");
  const paths = options.toolPaths ?? nvidiaSmiPaths;
  const lists = options.amdLists ?? amdgpuIds;
  for (const path of [procRoot, sysRoot, devRoot, ...paths, ...lists]) {
    if (!/^\/[\w./-]*$/.test(path)) throw new Error("a path of the probe is not plain");
  }
  if (listedBoot !== null && !/^[0-9a-f-]{36}$/i.test(listedBoot)) throw new Error("not the id of a boot");
  return [
    "hwledger_probe() {",
    "LC_ALL=C; export LC_ALL",
    `nonce=${nonce} every=${everyS} proc=${procRoot} sys=${sysRoot} dev=${devRoot} restart=${restartS}`,
    `sleepy_every=${Math.max(everyS, sleepyGpuEveryS)}`,
    `slow_every=${slowToolEveryS(everyS)}`,
    `tool_paths='${paths.join(" ")}'`,
    "tegra_paths=/usr/bin/tegrastats xpu_paths=/usr/bin/xpu-smi",
    "amdsmi_paths=/opt/rocm/bin/amd-smi rocm_paths=/opt/rocm/bin/rocm-smi",
    `listed_boot=${listedBoot?.toUpperCase() ?? ""}`,
    `amd_lists='${lists.join(" ")}'`,
    ...nvidiaSmiFieldLists.map((fields, at) => `fields_${at}=${fields.join(",")}`),
    `app_fields=${nvidiaSmiAppsFields.join(",")}`,
    probeShellFunctions.trim(),
    "serve",
    "}",
    "hwledger_probe; exit",
    "",
  ].join("\n");
}
