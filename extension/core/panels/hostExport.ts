import { hostCsv } from "./hostCsv.ts";
import type { HostMessage, HostPanelModel } from "./hostSchema.ts";

/** A file that a person may want to save. */
export interface ExportedFile {
  name: string;
  kind: "csv" | "png";
  bytes: Uint8Array;
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** What a host's panel shows as a file; null where that is nothing, and where what the page sent is no picture. */
export function hostExport(
  model: Pick<HostPanelModel, "host" | "metrics">,
  message: Extract<HostMessage, { kind: "save-csv" | "save-png" }>,
): ExportedFile | null {
  const span = { fromMs: message.fromS * 1_000, toMs: message.toS * 1_000 };
  const kind = message.kind === "save-csv" ? "csv" : "png";
  const bytes = message.kind === "save-csv" ? csvBytes(hostCsv(model, span)) : pngBytes(message.png);
  if (bytes === null || model.host === null) return null;
  return { name: exportName(model.host.name, span, kind), kind, bytes };
}

/** UTF-8 with the mark by which spreadsheets know it. */
function csvBytes(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(`\uFEFF${text}`, "utf8");
}

function pngBytes(base64: string): Uint8Array | null {
  const bytes = Buffer.from(base64, "base64");
  return bytes.subarray(0, pngSignature.length).equals(pngSignature) ? bytes : null;
}

/** `rtx-box_20261127T133800Z_20261128T133800Z.csv`, on every system a name of a file. */
function exportName(host: string, span: { fromMs: number; toMs: number }, kind: "csv" | "png"): string {
  const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const safe = host.replace(/[^\w.-]+/g, "_").replace(/^\.+/, "");
  return `${safe === "" ? "host" : safe}_${time(span.fromMs)}_${time(span.toMs)}.${kind}`;
}
