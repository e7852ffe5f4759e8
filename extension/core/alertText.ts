import type { Notice } from "./decideAlerts.ts";
import type { GpuFact } from "./gpuSignals.ts";
import { gpuModel } from "./gpuModel.ts";
import { printable } from "./printable.ts";
import { alertWords as say } from "./words/alertWords.ts";

/** What a notification says; names and reasons are a host's, and made harmless. */
export function alertText(notice: Notice): string {
  const [first] = notice;
  if (first === undefined) return "";
  const { kind } = first;
  if (notice.length > 1) return say.severalHosts[kind](notice.map(({ host }) => printable(host)));
  const host = printable(first.host);
  const { gpus, reason } = first;
  switch (kind) {
    case "lost":
      return say.lost(host, reason === null ? null : printable(reason).replace(/\.$/, ""));
    case "back":
      return say.back(host);
    case "fault": {
      const detail = gpus[0]?.detail ?? null;
      const broken = gpus.filter(({ name }) => name !== null).map(gpuText);
      return say.fault(host, broken, detail === null ? null : printable(detail));
    }
    case "hot":
      return say.hot(
        host,
        gpus.map((gpu) => say.degrees(gpuText(gpu), gpu.value ?? 0)),
      );
    case "full":
      return say.full(
        host,
        gpus.map((gpu) => say.percent(gpuText(gpu), gpu.value ?? 0)),
      );
  }
}

function gpuText({ index, name }: GpuFact): string {
  return say.gpu(index, name === null ? null : gpuModel(printable(name)));
}
