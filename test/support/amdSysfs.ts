import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A GPU as the driver's files show it. */
export interface SysfsGpu {
  pciAddress: string;
  device: string;
  revision: string;
  productName?: string;
  runtimeStatus?: string;
  /** `auto`: it may sleep. */
  control?: "on" | "auto";
  busyPct?: number;
  vramTotalBytes: number;
  vramUsedBytes: number;
  gttTotalBytes: number;
  gttUsedBytes: number;
  milliC: number;
  microW: number;
  /** Memory errors that could not be corrected, by the parts that count them. */
  errors?: Readonly<Record<string, number>>;
  /** Its id in the kernel's list of who computes. */
  kfdId?: number;
}

/** Writes what the amdgpu driver shows in /sys into a folder; `computing`: bytes of a process on a GPU. */
export function writeAmdSysfs(
  sys: string,
  gpus: readonly SysfsGpu[],
  computing: readonly { pid: number; kfdId: number; bytes: number }[] = [],
): void {
  const put = (path: string, text: string | number): void => {
    const file = join(sys, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  };
  const nodes = "class/kfd/kfd/topology/nodes";
  put(`${nodes}/0/gpu_id`, 0);
  put("class/kfd/kfd/proc/.keep", "");
  put("bus/pci/drivers/amdgpu/bind", "");
  for (const [at, gpu] of gpus.entries()) {
    const device = `bus/pci/drivers/amdgpu/${gpu.pciAddress}`;
    put(`${device}/device`, gpu.device);
    put(`${device}/revision`, gpu.revision);
    put(`${device}/power/runtime_status`, gpu.runtimeStatus ?? "active");
    put(`${device}/power/control`, gpu.control ?? "on");
    if (gpu.productName !== undefined) put(`${device}/product_name`, gpu.productName);
    if (gpu.busyPct !== undefined) put(`${device}/gpu_busy_percent`, gpu.busyPct);
    put(`${device}/mem_info_vram_total`, gpu.vramTotalBytes);
    put(`${device}/mem_info_vram_used`, gpu.vramUsedBytes);
    put(`${device}/mem_info_gtt_total`, gpu.gttTotalBytes);
    put(`${device}/mem_info_gtt_used`, gpu.gttUsedBytes);
    put(`${device}/hwmon/hwmon${at + 3}/temp1_input`, gpu.milliC);
    put(`${device}/hwmon/hwmon${at + 3}/power1_average`, gpu.microW);
    for (const [part, count] of Object.entries(gpu.errors ?? {}))
      put(`${device}/ras/${part}_err_count`, `ue: ${count}\nce: 9`);
    if (gpu.kfdId === undefined) continue;
    const [domain = "", bus = "", place = ""] = gpu.pciAddress.split(":");
    const [slot = "", part = ""] = place.split(".");
    const location = (parseInt(bus, 16) << 8) | (parseInt(slot, 16) << 3) | Number(part);
    put(`${nodes}/${at + 1}/gpu_id`, gpu.kfdId);
    put(
      `${nodes}/${at + 1}/properties`,
      `simd_count 192\nlocation_id ${location}\ndomain ${parseInt(domain, 16)}`,
    );
  }
  for (const { pid, kfdId, bytes } of computing) put(`class/kfd/kfd/proc/${pid}/vram_${kfdId}`, bytes);
}
