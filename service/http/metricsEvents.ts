import type { HostRecord } from "../../protocol/host.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { Changes } from "../fleet/createChanges.ts";

const heartbeatMs = 15_000;

/**
 * Readings of these hosts (`all`: and of those that come later) as server-sent events, at the cadence of somebody
 * watching, until the client is gone.
 * A slow client gets the newest reading of each host and no backlog.
 */
export async function* metricsEvents(
  needs: { changes: Changes; watch: (id: HostId) => () => void },
  { hosts, all }: { hosts: readonly HostRecord[]; all: boolean },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const wanted = new Set<string>(hosts.map((host) => host.id));
  const newest = new Map<string, HostReading>();
  for (const { reading } of hosts) if (reading) newest.set(reading.hostId, reading);
  let wake: () => void = () => undefined;
  let fresh = false;
  const isFresh = (): boolean => fresh;
  const unwatch = hosts.map((host) => needs.watch(host.id));
  const stop = needs.changes.listen((change) => {
    if (change.kind !== "reading" || !(all || wanted.has(change.reading.hostId))) return;
    newest.set(change.reading.hostId, change.reading);
    fresh = true;
    wake();
  });
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    yield ": readings\n\n";
    while (!signal.aborted) {
      const readings = [...newest.values()];
      newest.clear();
      fresh = false;
      for (const reading of readings) yield `event: reading\ndata: ${JSON.stringify(reading)}\n\n`;
      if (!isFresh()) {
        const timer = setTimeout(() => wake(), heartbeatMs);
        await new Promise<void>((resolve) => (wake = resolve));
        clearTimeout(timer);
        if (!isFresh()) yield ": still here\n\n";
      }
    }
  } finally {
    stop();
    for (const end of unwatch) end();
  }
}
