import type { BenchReport, Counterpart, Figure, Measured, Target } from "./benchReport.ts";

/** The report as a table for people. */
export function reportText(report: BenchReport): string {
  const { machine, figures, failures } = report;
  return [
    `${machine.cores} cores, ${machine.cpuModel}; ${machine.distribution}, ${machine.fileSystem}; load ${machine.loadBefore} before`,
    ...(machine.loadBefore > machine.cores
      ? ["The machine was busy with other things: ratios say something, times in ms little."]
      : []),
    `Node ${machine.node}; ${machine.openSsh}; ${machine.slurm}; SQLite ${machine.sqlite}`,
    "",
    ...figures.flatMap((figure) => [...figureText(figure), ""]),
    vsixText(report),
    ...failures.map(({ id, reason }) => `NOT MEASURED  ${id}: ${reason}`),
    "",
    `${report.quick ? "Quick run" : "Full run"}, ${(report.tookMs / 1_000).toFixed(1)} s`,
    "",
  ].join("\n");
}

function figureText(figure: Figure): string[] {
  const rows = [
    ["", "p50 ms", "p95 ms", "rounds", figure.unit ? `${figure.unit}/s` : "", "ours/this p50", "p95"],
    ...[...figure.ours, ...(figure.parts ?? [])].map((ours) => [...cells(ours), "", ""]),
    ...figure.counterparts.map((other) => counterpartRow(figure, other)),
  ];
  const table = figure.ours.length > 0 ? aligned(rows) : [];
  return [figure.title, ...table, ...figure.targets.map(targetText), ...memoryText(figure)];
}

function memoryText({ memory = [], ratios }: Figure): string[] {
  return memory.map(({ name, p50Bytes }) => {
    const ratio = ratios.find(({ to, of }) => to === name && of === "memory")?.value.toFixed(2);
    return `  ${sizeText(p50Bytes)}  ${name}${ratio === undefined ? "" : `; ours/this ${ratio}`}`;
  });
}

function sizeText(bytes: number): string {
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(0)} KiB` : `${(bytes / 1_048_576).toFixed(0)} MiB`;
}

function counterpartRow(figure: Figure, other: Counterpart): string[] {
  if (other.kind === "unavailable") return [other.name, `unavailable: ${other.reason}`];
  const ratio = (of: "p50" | "p95" | "throughput"): string =>
    figure.ratios.find((found) => found.to === other.name && found.of === of)?.value.toFixed(2) ?? "";
  return [...cells(other), ratio("p50") || `${ratio("throughput")} (throughput)`, ratio("p95")];
}

function cells(measured: Measured): string[] {
  const { name, p50Ms, p95Ms, rounds, perSecond } = measured;
  return [name, p50Ms.toFixed(2), p95Ms.toFixed(2), String(rounds), perSecond?.toFixed(0) ?? ""];
}

function targetText({ text, value, met }: Target): string {
  return `  ${verdict(met)}  ${text}${value === null ? "" : `: ${value.toFixed(2)}`}`;
}

function verdict(met: boolean | null): string {
  if (met === null) return "UNKNOWN";
  return met ? "met    " : "MISSED ";
}

function vsixText({ vsix }: BenchReport): string {
  const limit = `below ${vsix.limitBytes / 1_000_000} MB`;
  if (vsix.kind === "unavailable") return `VSIX: not measured, ${vsix.reason} (budget: ${limit})`;
  return `VSIX: ${vsix.bytes} bytes\n  ${verdict(vsix.met)}  ${limit}`;
}

function aligned(rows: string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    if (!row[1]?.startsWith("unavailable"))
      row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => `  ${row.map(pad).join("  ")}`.trimEnd());
}
