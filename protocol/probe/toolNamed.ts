import type { GpuReading } from "../reading.ts";
import { AmdTool, isOfAmdTool } from "./amd/amdTool.ts";
import { isOfMac, MacTool } from "./apple/macTool.ts";
import { isOfXpu, XpuTool } from "./intel/xpuTool.ts";
import { TegraTool } from "./jetson/tegraTool.ts";
import { integratedNvidia } from "./nvidiaSmiRow.ts";
import { ToolBoard } from "./toolBoard.ts";

/** The board of the tool that the script says it asks; null where it is none of ours. `before`: an earlier reading's GPUs. */
export function toolNamed(
  name: string,
  cadenceMs: number,
  startedAtMs: number,
  before: readonly GpuReading[],
): ToolBoard | null {
  const board = (tool: AmdTool | MacTool | TegraTool | XpuTool, known: readonly GpuReading[]) =>
    new ToolBoard(tool, cadenceMs, startedAtMs, known);
  switch (name) {
    case "mac": {
      const known = before.filter(isOfMac);
      return board(new MacTool(known), known);
    }
    case "tegra":
      return board(
        new TegraTool(),
        before.filter(({ uuid }) => uuid === integratedNvidia),
      );
    case "xpu": {
      const known = before.filter(isOfXpu);
      return board(new XpuTool(known), known);
    }
    case "amdsmi":
    case "rocm": {
      const known = before.filter(isOfAmdTool);
      return board(new AmdTool(name === "rocm" ? "rocm-smi" : "amd-smi", known), known);
    }
    default:
      return null;
  }
}
