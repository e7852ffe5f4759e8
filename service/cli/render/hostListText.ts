import { formatDuration } from "../../../protocol/duration.ts";
import type { HostRecord } from "../../../protocol/host.ts";
import type { GpuReading } from "../../../protocol/reading.ts";
import type { Style } from "../terminal.ts";
import { celsius, memoryText, metricText, noFigure, percent, rateText, watts } from "./figures.ts";
import { isFresh, occupancyText, roughDuration, staleMs, standing } from "./hostText.ts";
import { renderTable, shorten, visibleLength, type Column } from "./table.ts";

const right = "right" as const;
const hostColumns: Column[] = [
  { title: "HOST" },
  { title: "STATUS" },
  { title: "RATE", align: right },
  { title: "CPU", align: right },
  { title: "GPU" },
  { title: "UTIL", align: right },
  { title: "MEMORY", align: right },
  { title: "TEMP", align: right },
  { title: "POWER", align: right },
  { title: "USE" },
];

/** How the table of hosts looks. */
interface HostListLook {
  /** With bars for the utilisation. */
  bars?: boolean;
  /** The terminal's width: what matters least is cut or left out where the table would be wider. */
  columns?: number;
}

/** What a table is given up for the sake of its width. */
interface Room {
  bars: boolean;
  /** Most letters of a status, a host's name, a GPU's name. */
  status: number;
  name: number;
  gpu: number;
  without: readonly string[];
}

/** From all that is known to what nobody can do without: who is free. */
function narrower(bars: boolean): Room[] {
  const all: Room = { bars, status: Infinity, name: Infinity, gpu: Infinity, without: [] };
  const brief: Room = { ...all, bars: false, status: 16 };
  const cut: Room = { ...brief, name: 20 };
  const small: Room = { ...cut, name: 12, gpu: 16 };
  return [
    all,
    { ...all, bars: false },
    brief,
    cut,
    { ...cut, without: ["TEMP"] },
    { ...cut, without: ["TEMP", "CPU"] },
    { ...cut, without: ["TEMP", "CPU", "POWER"] },
    { ...small, without: ["TEMP", "CPU", "POWER"] },
    { ...small, without: ["TEMP", "CPU", "POWER", "RATE"] },
    { ...small, status: 13, gpu: 12, without: ["TEMP", "CPU", "POWER", "RATE"] },
    { ...small, status: 8, gpu: 8, without: ["TEMP", "CPU", "POWER", "RATE", "MEMORY"] },
  ];
}

/** The table of `host ls` and `watch`: a line for each GPU, the host's own cells on its first. */
export function hostListText(
  hosts: readonly HostRecord[],
  nowMs: number,
  style: Style,
  { bars = false, columns = Infinity }: HostListLook = {},
): string {
  if (hosts.length === 0) return "No hosts yet. Add one with `hwledger host add NAME [user@]ADDRESS`.";
  let table = "";
  for (const room of narrower(bars)) {
    table = hostTable(hosts, nowMs, style, room);
    if (table.split("\n").every((line) => visibleLength(line) <= columns)) break;
  }
  return table;
}

function hostTable(hosts: readonly HostRecord[], nowMs: number, style: Style, room: Room): string {
  const kept = hostColumns.map(({ title }) => !room.without.includes(title));
  const rows = hosts.flatMap((host) => hostRows(host, nowMs, style, room));
  return renderTable(
    hostColumns.filter((_, at) => kept[at]),
    rows.map((row) => row.filter((_, at) => kept[at])),
  );
}

function hostRows(host: HostRecord, nowMs: number, style: Style, room: Room): string[][] {
  const { status, reading } = host;
  const head = [
    shorten(host.name, room.name),
    standing(host, nowMs, style, room.status),
    rateText(host.rateMicroUsdPerHour),
    reading && isFresh(status) ? metricText(reading.cpuPct, percent) : noFigure,
  ];
  if (host.gpus.length === 0) return [[...head, noGpuText(host)]];
  const below = ["", "", "", ""];
  const gpus = host.gpus.map((gpu, at) => [
    ...(at === 0 ? head : below),
    ...gpuCells(gpu, staleMs(gpu, host, nowMs), style, room),
  ]);
  const isPartial = reading?.gpuProblem != null && isFresh(status);
  return isPartial ? [...gpus, [...below, style.yellow(noGpuText(host))]] : gpus;
}

function noGpuText({ reading }: HostRecord): string {
  if (reading === null) return noFigure;
  return reading.gpuProblem === null ? "no GPU" : `unknown: ${reading.gpuProblem.code}`;
}

function gpuCells(gpu: GpuReading, staleForMs: number | null, style: Style, room: Room): string[] {
  const name = shorten(gpu.name.replace(/^NVIDIA /, ""), room.gpu);
  // Old figures are not shown as if they were from now.
  if (staleForMs !== null) {
    const missing = Array.from({ length: 4 }, () => noFigure);
    const age = room.status === Infinity ? formatDuration(staleForMs) : roughDuration(staleForMs);
    return [name, ...missing, style.dim(`read ${age} ago`)];
  }
  const bar =
    room.bars && "value" in gpu.utilizationPct ? `${barText(gpu.utilizationPct.value, style)} ` : "";
  return [
    name,
    bar + metricText(gpu.utilizationPct, percent),
    gpuMemoryText(gpu),
    metricText(gpu.temperatureC, celsius),
    metricText(gpu.powerW, watts),
    occupancyText(gpu),
  ];
}

/** A GPU's memory; `unified` where it is the machine's. */
function gpuMemoryText({ memoryKind, memoryUsedBytes, memoryTotalBytes }: GpuReading): string {
  const text = memoryText(memoryUsedBytes, memoryTotalBytes);
  return memoryKind === "unified" && text === noFigure ? "unified" : text;
}

const barCells = 10;

/** A bar of ten cells for a percentage. */
export function barText(pct: number, style: Style): string {
  const full = Math.max(0, Math.min(barCells, Math.round((pct / 100) * barCells)));
  return style.green("█".repeat(full)) + style.dim("░".repeat(barCells - full));
}
