import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One GPU as `nvidia-smi` on the host prints it. Null where the tool prints something that is no number. */
export interface LabGpu {
  index: number;
  uuid: string;
  name: string;
  utilizationPct: number | null;
  memoryUsedMib: number | null;
  memoryTotalMib: number | null;
  temperatureC: number | null;
  powerW: number | null;
  /** Every cell by its canonical field name, as printed with `nounits`. */
  cells: Readonly<Record<string, string>>;
}

/** The figures behind a host's `nvidia-smi`. The tool reads them anew for every sample, also in loop mode. */
export interface LabGpuFiles {
  /** The folder the tool reads; the grammar of its files is in test/fixtures/lab/nvidia-smi.awk. */
  readonly dir: string;
  /** The GPUs that answer, in the order they are printed. */
  read(): LabGpu[];
  /** Changes cells of one GPU, e.g. `{ "utilization.gpu": "93" }`; the next sample shows them. */
  update(uuid: string, cells: Readonly<Record<string, string>>): void;
  /** Replaces the compute processes. `usedMib` is a number or a cell such as `[N/A]`. */
  setApps(
    apps: readonly { uuid: string; pid: number; usedMib: number | string; processName: string }[],
  ): void;
  /** From now on the tool prints this text instead of figures and ends with this code. */
  breakTool(exitCode: number, text: string): void;
  /** From now on the tool does not answer, as with a wedged driver; it ignores all but SIGKILL. */
  hangTool(): void;
  /** The tool waits this long before each answer. */
  slowTool(delayMs: number): void;
  /** Takes back `breakTool`, `hangTool` and `slowTool`. A tool that already hangs goes on hanging. */
  healTool(): void;
}

/** Handles the figures in a host's folder. */
export function createLabGpuFiles(dir: string): LabGpuFiles {
  const put = (name: string, text: string) => {
    writeFileSync(join(dir, `.${name}`), text);
    renameSync(join(dir, `.${name}`), join(dir, name));
  };
  return {
    dir,
    read: () => parseGpus(readFileSync(join(dir, "gpus.csv"), "utf8")),
    update(uuid, cells) {
      put("gpus.csv", updateRow(readFileSync(join(dir, "gpus.csv"), "utf8"), uuid, cells));
    },
    setApps(apps) {
      const rows = apps.map((app) => [app.uuid, app.pid, app.usedMib, app.processName].join(", "));
      put("apps.csv", ["gpu_uuid, pid, used_gpu_memory, process_name", ...rows, ""].join("\n"));
    },
    breakTool: (exitCode, text) => {
      put("broken", `${exitCode}\n${text}\n`);
    },
    hangTool: () => {
      put("hang", "");
    },
    slowTool: (delayMs) => {
      put("slow", `${delayMs / 1000}\n`);
    },
    healTool() {
      for (const name of ["broken", "hang", "slow"]) rmSync(join(dir, name), { force: true });
    },
  };
}

function parseGpus(text: string): LabGpu[] {
  const [header = "", ...lines] = text.split("\n");
  const names = header.split(", ");
  return lines.filter(isRow).map((line) => {
    const cells = Object.fromEntries(zip(names, line.split(", ")));
    return {
      index: Number(cells.index),
      uuid: cells.uuid ?? "",
      name: cells.name ?? "",
      utilizationPct: numberOf(cells["utilization.gpu"]),
      memoryUsedMib: numberOf(cells["memory.used"]),
      memoryTotalMib: numberOf(cells["memory.total"]),
      temperatureC: numberOf(cells["temperature.gpu"]),
      powerW: numberOf(cells["power.draw"]),
      cells,
    };
  });
}

function updateRow(text: string, uuid: string, cells: Readonly<Record<string, string>>): string {
  const lines = text.split("\n");
  const names = (lines[0] ?? "").split(", ");
  const unknown = Object.keys(cells).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`gpus.csv has no column ${unknown.join(", ")}`);
  const at = lines.findIndex((line) => isRow(line) && line.split(", ")[names.indexOf("uuid")] === uuid);
  if (at === -1) throw new Error(`gpus.csv has no GPU ${uuid}`);
  const row = zip(names, (lines[at] ?? "").split(", "));
  lines[at] = row.map(([name, cell]) => cells[name] ?? cell).join(", ");
  return lines.join("\n");
}

const isRow = (line: string) => line !== "" && !/^([=!] |exit )/.test(line);

function zip(names: string[], cells: string[]): [string, string][] {
  return names.map((name, i) => [
    name,
    (i === names.length - 1 ? cells.slice(i).join(", ") : cells[i]) ?? "",
  ]);
}

function numberOf(cell: string | undefined): number | null {
  return cell !== undefined && /^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : null;
}
