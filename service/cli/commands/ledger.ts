import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import { RemoteProblem } from "../../../protocol/problem.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { timeText } from "../render/figures.ts";
import { printable } from "../render/table.ts";
import type { Register } from "../runCli.ts";

/** `hwledger ledger tail`, `hwledger ledger verify` */
export const ledgerCommands: Register = (program, context, run) => {
  const ledger = program
    .command("ledger")
    .description("the hash-chained record of everything that changed the fleet");
  ledger
    .command("tail")
    .description("show the newest events")
    .option("-n, --limit <count>", "how many", (text) => Number.parseInt(text, 10), 20)
    .option("-f, --follow", "go on with new ones until Ctrl-C")
    .action(
      run(async ({ limit, follow }: { limit: number; follow?: boolean }) => {
        const query = { limit: Math.min(1_000, Math.max(1, limit)) };
        const { events } = await context.client().call("listLedger", { query });
        if (follow === true) return followLedger(context, events);
        await context.show(
          events,
          events.map((event) => eventLine(event, context)).join("\n") || "No events yet.",
        );
        return undefined;
      }),
    );
  ledger
    .command("verify")
    .description("recompute the whole chain; names the first bad event")
    .action(
      run(async () => {
        const verdict = await context.client().call("verifyLedger", {}, { silenceMs: 600_000 });
        const { ok, events, head, firstBad } = verdict;
        const text = ok
          ? `${context.out.green("The ledger holds.")} ${events} events, head ${head}`
          : [
              context.out.red(`The ledger does NOT hold: event ${firstBad?.seq ?? "?"} is bad.`),
              firstBad?.reason ?? "",
              `expected  ${firstBad?.expected ?? ""}`,
              `found     ${printable(firstBad?.found ?? "")}`,
            ].join("\n");
        await context.show(verdict, text);
        return ok ? undefined : exitCodes.verificationFailed;
      }),
    );
};

function eventLine(event: LedgerEvent, context: Context): string {
  const { out } = context;
  const facts = printable(JSON.stringify(event.payload));
  const shown = facts.length > 120 ? `${facts.slice(0, 119)}…` : facts;
  return `${String(event.seq).padStart(5)}  ${timeText(event.atMs)}  ${out.bold(event.type.padEnd(20))}  ${printable(event.actor).padEnd(14)}  ${out.dim(shown)}`;
}

function followLedger(context: Context, first: readonly LedgerEvent[]): Promise<undefined> {
  let lastSeq = 0;
  const show = async (events: readonly LedgerEvent[]): Promise<void> => {
    for (const event of events) {
      if (event.seq <= lastSeq) continue;
      lastSeq = event.seq;
      await context.print(`${context.json ? JSON.stringify(event) : eventLine(event, context)}\n`);
    }
  };
  return new Promise((resolve, reject) => {
    const stop = context.terminal.onInterrupt(() => {
      stop();
      resolve(undefined);
    });
    let shown = show(first);
    const stream = context.stream((state) => {
      if (state.kind === "refused") reject(state.error);
    });
    stream.subscribe("ledger", {
      onData(data) {
        if (data.kind === "ledger") shown = shown.then(() => show(data.events));
      },
      onProblem: (problem) => reject(new RemoteProblem(problem)),
    });
  });
}
