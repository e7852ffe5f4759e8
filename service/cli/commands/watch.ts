import type { HostRecord } from "../../../protocol/host.ts";
import { hostStatus } from "../../../protocol/hostStatus.ts";
import { Refusal, RemoteProblem } from "../../../protocol/problem.ts";
import type { HostReading } from "../../../protocol/reading.ts";
import type { Context } from "../context.ts";
import { serviceContact } from "../followJob.ts";
import { hostListText } from "../render/hostListText.ts";
import type { Register } from "../runCli.ts";
import { openScreen, type Screen } from "../openScreen.ts";

/** From this width on, in columns, there is room for bars. */
const barsFromColumns = 110;

/** `hwledger watch [HOST]` */
export const watchCommand: Register = (program, context, run) => {
  program
    .command("watch")
    .description("live readings, once a second, until Ctrl-C; with --json one reading per line")
    .argument("[host]", "one host; left out: all")
    .action(
      run(async (host: string | undefined) => {
        const { hosts } = await context.client().call("listHosts");
        const wanted = hosts.filter((one) => host === undefined || one.name === host || one.id === host);
        if (wanted.length === 0 && host !== undefined)
          throw new Refusal("host-not-found", {
            host,
            known: hosts.map((one) => one.name).join(", ") || "none",
          });
        await watch(context, wanted, host !== undefined);
        return undefined;
      }),
    );
};

/** Watches until Ctrl-C. `fixed`: these hosts; else also those that come. */
function watch(context: Context, first: readonly HostRecord[], fixed: boolean): Promise<void> {
  const hosts = new Map(first.map((host) => [host.id, host]));
  const watched = new Map<HostRecord["id"], () => void>();
  const shownAtMs = new Map<HostRecord["id"], number>();
  return new Promise((resolve, reject) => {
    const screen = context.json ? null : watchScreen(context, () => [...hosts.values()]);
    const settle = (finish: () => void): void => {
      screen?.close();
      stopListening();
      stream.close();
      finish();
    };
    const stopListening = context.terminal.onInterrupt(() => settle(resolve));
    const tellContact = serviceContact(context, () => "Lost contact with the service, reconnecting …");
    const stream = context.stream((state) => {
      if (state.kind === "refused") settle(() => reject(state.error));
      else if (screen === null) tellContact(state);
      else if (state.kind === "waiting") screen.onLost();
      else if (state.kind === "connected") screen.onFound();
    });
    const onReading = (id: HostRecord["id"], reading: HostReading): void => {
      const host = hosts.get(id);
      if (!host || shownAtMs.get(id) === reading.atMs) return;
      shownAtMs.set(id, reading.atMs);
      if (context.json) void context.print(`${JSON.stringify(reading)}\n`);
      hosts.set(id, withReading(host, reading, context.terminal.now()));
    };
    const look = (id: HostRecord["id"]): void => {
      const stop = stream.subscribe(`metrics:${id}`, {
        onData: (data) => {
          if (data.kind === "metrics" && data.reading) onReading(id, data.reading);
        },
      });
      watched.set(id, stop);
    };
    stream.subscribe("fleet", {
      onData(data) {
        if (data.kind !== "fleet") return;
        for (const host of data.hosts) {
          if (fixed && !hosts.has(host.id)) continue;
          hosts.set(host.id, host);
          if (!watched.has(host.id)) look(host.id);
        }
        for (const id of data.removedHostIds as HostRecord["id"][]) {
          hosts.delete(id);
          watched.get(id)?.();
          watched.delete(id);
        }
        screen?.draw();
      },
      onProblem: (problem) => settle(() => reject(new RemoteProblem(problem))),
    });
  });
}

function withReading(host: HostRecord, reading: HostReading, nowMs: number): HostRecord {
  const signals = { lastSeenAtMs: reading.atMs, cadenceMs: reading.cadenceMs, failure: null };
  return { ...host, reading, gpus: reading.gpus, status: hostStatus(signals, nowMs) };
}

/** The table on the screen, and how contact with the service stands below it. */
function watchScreen(
  context: Context,
  hosts: () => HostRecord[],
): Screen & { onLost(): void; onFound(): void } {
  const { out, terminal } = context;
  let lostAtMs: number | null = null;
  const screen = openScreen(terminal.stdout, () => {
    const columns = terminal.stdout.isTTY === true ? (terminal.stdout.columns ?? Infinity) : Infinity;
    const bars = columns !== Infinity && columns >= barsFromColumns;
    const table = hostListText(hosts(), lostAtMs ?? terminal.now(), out, { bars, columns });
    if (lostAtMs === null) return table;
    const seconds = Math.round((terminal.now() - lostAtMs) / 1_000);
    const text = `Lost contact with the service ${seconds} s ago, reconnecting … The figures are from then.`;
    return `${table}\n${out.yellow(text)}`;
  });
  return {
    ...screen,
    onLost: () => void (lostAtMs ??= terminal.now()),
    onFound: () => void (lostAtMs = null),
  };
}
