import type { GpuProcess, GpuReading } from "../../../protocol/reading.ts";
import { unknownUseText } from "../../../protocol/unknownUseText.ts";
import { whoUses } from "../../../protocol/whoUses.ts";
import { printable } from "../printable.ts";
import type { DashboardRow } from "./dashboardSchema.ts";
import { panelModelWords } from "../words/panelModelWords.ts";

const say = panelModelWords.use;

/** Names that a cell has room for. */
const shownNames = 2;

/** Who uses a GPU, by its reading. Whose a process is not every host tells, so `activeJobs` of the host is said beside them. */
export function gpuUseText(gpu: Pick<GpuReading, "occupancy">, activeJobs: number): DashboardRow["use"] {
  const { occupancy } = gpu;
  const beside = activeJobs > 0 ? say.jobs(activeJobs) : null;
  switch (occupancy.kind) {
    case "free":
      return { kind: "free", text: say.free, value: 0, hint: beside };
    case "unknown":
      return {
        kind: "unknown",
        text: say.unknown(printable(unknownUseText(occupancy.reason))),
        value: 2,
        hint: beside,
      };
    case "busy": {
      const processes = occupancy.processes.map((process) =>
        say.by(printable(process.name), pidText(process)),
      );
      const hint = [...processes, ...(beside === null ? [] : [beside])].join("; ");
      return {
        kind: "busy",
        text: namesText(occupancy.processes),
        value: 1,
        hint: hint === "" ? null : hint,
      };
    }
  }
}

function pidText(process: GpuProcess): string {
  return [String(process.pid), ...whoUses([process], say.ours).map(printable)].join(", ");
}

function namesText(processes: readonly GpuProcess[]): string {
  if (processes.length === 0) return say.inUse;
  const whom = whoUses(processes, say.ours).map(printable);
  const names = listText(processes);
  return whom.length === 0 ? names : say.by(names, shortList(whom));
}

function listText(processes: readonly GpuProcess[]): string {
  const names = [...new Set(processes.map(({ name }) => printable(name.slice(name.lastIndexOf("/") + 1))))];
  return shortList(names);
}

function shortList(names: readonly string[]): string {
  const more = names.length - shownNames;
  return names.slice(0, shownNames).join(", ") + (more > 0 ? say.more(more) : "");
}
