import { setImmediate } from "node:timers/promises";
import { programVersion, protocolVersion } from "../../protocol/version.ts";
import { expositionContentType, expositionText, labelText, type MetricFamily } from "./expositionText.ts";
import { fleetFamilies, type ScrapedFleet } from "./fleetFamilies.ts";

/** What Prometheus is answered. */
export interface Exposition {
  contentType: string;
  body: AsyncGenerator<string>;
}

/** What Prometheus asks for: the fleet as it is at the moment of the call, and the service's own use, as text in pieces. */
export function createExposition(fleet: () => ScrapedFleet, startedAtMs: number): () => Exposition {
  const pause = (): Promise<void> => setImmediate(undefined);
  return () => ({
    contentType: expositionContentType,
    body: expositionText([...serviceFamilies(startedAtMs), ...fleetFamilies(fleet())], pause),
  });
}

function serviceFamilies(startedAtMs: number): MetricFamily[] {
  const one = (name: string, help: string, value: number, labels = ""): MetricFamily => ({
    name,
    type: name.endsWith("_total") ? "counter" : "gauge",
    help,
    samples: [[labels, value]],
  });
  const { user, system } = process.cpuUsage();
  const labels = labelText({ version: programVersion, protocol: String(protocolVersion) });
  return [
    one("hwledger_build_info", "Always 1; which program this is.", 1, labels),
    one("process_cpu_seconds_total", "CPU time of the service.", (user + system) / 1_000_000),
    one("process_resident_memory_bytes", "Resident memory of the service.", process.memoryUsage.rss()),
    one("process_start_time_seconds", "When the service was started.", startedAtMs / 1_000),
  ];
}
