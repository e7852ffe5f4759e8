import type { HostId } from "../../protocol/ids.ts";
import type { Changes } from "../fleet/createChanges.ts";
import { createRollUps, type RollUps } from "./createRollUps.ts";
import type { MetricsFile } from "./metricsFile.ts";

/** Months of what hosts did, for as long as the service runs. */
export interface KeptRollUps extends Pick<RollUps, "between"> {
  /** Writes what is left, and closes the file. */
  close(): void;
}

/** What the keeping needs. */
export interface KeepRollUpsNeeds {
  file: MetricsFile;
  changes: Pick<Changes, "listen">;
  hosts: readonly HostId[];
  now: () => number;
  log: (message: string, error: unknown) => void;
}

/** Rolls up what is read, and writes it down little by little. Of hosts that left the fleet nothing is kept. */
export function keepRollUps({ file, changes, hosts, now, log }: KeepRollUpsNeeds): KeptRollUps {
  const rollUps = createRollUps(file, now, (error) => log("what hosts do cannot be written down", error));
  const members = new Set<string>(hosts);
  for (const hostId of file.hosts()) {
    if (members.has(hostId)) rollUps.clean(hostId);
    else rollUps.forget(hostId);
  }
  const stop = changes.listen((change) => {
    if (change.kind === "host-removed") rollUps.forget(change.hostId);
    if (change.kind === "reading" || change.kind === "past-reading") rollUps.add(change.reading);
  });
  const timer = setInterval(() => rollUps.writeDue(), 1_000);
  timer.unref();
  return {
    between: (hostId, query) => rollUps.between(hostId, query),
    close() {
      clearInterval(timer);
      stop();
      rollUps.writeAll();
      file.close();
    },
  };
}
