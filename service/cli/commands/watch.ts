import type { HostRecord } from "../../../protocol/host.ts";
import { hostStatus } from "../../../protocol/hostStatus.ts";
import { Refusal, RemoteProblem } from "../../../protocol/problem.ts";
import type { HostReading } from "../../../protocol/reading.ts";
import type { Context } from "../context.ts";
import { hostListText } from "../render/hostText.ts";
import type { Register } from "../runCli.ts";

/** `hwledger watch [HOST]` */
export const watchCommand: Register = (program, context, run) => {
  program
    .command("watch")
    .description("live readings, once a second, until Ctrl-C")
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

function watch(context: Context, first: readonly HostRecord[], fixed: boolean): Promise<void> {
  const hosts = new Map(first.map((host) => [host.id, host]));
  const watched = new Set<string>();
  return new Promise((resolve, reject) => {
    const screen = context.json ? null : openScreen(context, () => [...hosts.values()]);
    const settle = (finish: () => void): void => {
      screen?.close();
      stopListening();
      stream.close();
      finish();
    };
    const stopListening = context.terminal.onInterrupt(() => settle(resolve));
    const stream = context.stream((state) => {
      if (state.kind === "refused") settle(() => reject(state.error));
      else screen?.say(state.kind === "waiting" ? "Lost contact with the service, reconnecting …" : "");
    });
    const onReading = (id: HostRecord["id"], reading: HostReading): void => {
      if (context.json) void context.print(`${JSON.stringify(reading)}\n`);
      const host = hosts.get(id);
      if (!host) return;
      const signals = { lastSeenAtMs: reading.atMs, cadenceMs: reading.cadenceMs, failure: null };
      hosts.set(id, {
        ...host,
        reading,
        gpus: reading.gpus,
        status: hostStatus(signals, context.terminal.now()),
      });
    };
    const look = (id: HostRecord["id"]): void => {
      if (watched.has(id)) return;
      watched.add(id);
      stream.subscribe(`metrics:${id}`, {
        onData: (data) => {
          if (data.kind === "metrics" && data.reading) onReading(id, data.reading);
        },
      });
    };
    stream.subscribe("fleet", {
      onData(data) {
        if (data.kind !== "fleet") return;
        for (const host of data.hosts) if (!fixed || hosts.has(host.id)) hosts.set(host.id, host);
        for (const id of data.removedHostIds) hosts.delete(id as HostRecord["id"]);
        for (const id of hosts.keys()) look(id);
        screen?.draw();
      },
      onProblem: (problem) => settle(() => reject(new RemoteProblem(problem))),
    });
  });
}

/** A table drawn again in place once a second; lines one after the other where stdout is no terminal. */
function openScreen(context: Context, hosts: () => HostRecord[]) {
  const { stdout, now } = context.terminal;
  let drawnLines = 0;
  let message = "";
  const draw = (): void => {
    const table = hostListText(hosts(), now(), context.out);
    const text = message === "" ? table : `${table}\n${context.out.yellow(message)}`;
    const width = stdout.columns ?? 0;
    if (stdout.isTTY !== true) return void stdout.write(`${text}\n`);
    const lines = text.split("\n").map((line) => cut(line, width));
    const up = drawnLines > 0 ? `\u001b[${drawnLines}A` : "";
    stdout.write(`${up}${lines.map((line) => `${line}\u001b[K`).join("\n")}\n\u001b[J`);
    drawnLines = lines.length;
  };
  const timer = setInterval(draw, 1_000);
  return {
    draw: () => {
      if (stdout.isTTY === true) draw();
    },
    say(text: string) {
      message = text;
    },
    close: () => clearInterval(timer),
  };
}

/** A line cut to a width, styles not counted. */
function cut(line: string, width: number): string {
  if (width === 0) return line;
  let seen = 0;
  let out = "";
  // eslint-disable-next-line no-control-regex -- styles are escape sequences
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b")) out += part;
    else {
      out += Array.from(part).slice(0, width - seen).join("");
      seen = Math.min(width, seen + Array.from(part).length);
    }
  }
  return out;
}
