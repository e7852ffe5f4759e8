import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import { RemoteProblem } from "../../../protocol/problem.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { serviceContact } from "../followJob.ts";
import { countOption } from "../options.ts";
import { eventText, verdictText } from "../render/ledgerText.ts";
import type { Register } from "../runCli.ts";

/** Most events that one answer holds. */
const pageEvents = 1_000;

/** `hwledger ledger tail`, `hwledger ledger verify` */
export const ledgerCommands: Register = (program, context, run) => {
  const ledger = program
    .command("ledger")
    .description("the hash-chained record of everything that changed the fleet");
  ledger
    .command("tail")
    .description("show the newest events, oldest first")
    .option("-n, --limit <count>", `how many, at most ${pageEvents}`, countOption, 20)
    .option("-f, --follow", "go on with new ones until Ctrl-C")
    .action(
      run(async ({ limit, follow }: { limit: number; follow?: boolean }) => {
        const query = { limit: Math.min(pageEvents, limit) };
        const { events } = await context.client().call("listLedger", { query });
        if (follow === true) return followLedger(context, events);
        const lines = events.map((event) => eventText(event, context.out, widthOf(context)));
        await context.show(events, lines.join("\n") || "No events yet.");
        return undefined;
      }),
    );
  ledger
    .command("verify")
    .description("recompute the whole chain; names the first bad event, and then ends with 5")
    .action(
      run(async () => {
        const verdict = await context.client().call("verifyLedger", {}, { silenceMs: 600_000 });
        await context.show(verdict, verdictText(verdict, context.out));
        return verdict.ok ? undefined : exitCodes.verificationFailed;
      }),
    );
};

/** Columns that an event's line may take; any number where nobody sees it on a terminal. */
function widthOf({ terminal: { stdout } }: Context): number {
  return stdout.isTTY === true ? (stdout.columns ?? Infinity) : Infinity;
}

/** Shows events as they come, each once and in order, also over reconnects, until Ctrl-C. */
function followLedger(context: Context, first: readonly LedgerEvent[]): Promise<undefined> {
  let lastSeq = (first[0]?.seq ?? 1) - 1;
  const show = async (events: readonly LedgerEvent[]): Promise<void> => {
    for (const event of events) {
      if (event.seq <= lastSeq) continue;
      lastSeq = event.seq;
      await context.print(
        `${context.json ? JSON.stringify(event) : eventText(event, context.out, widthOf(context))}\n`,
      );
    }
  };
  /** What the stream's newest events do not reach back to. */
  const catchUp = async (nextSeq: number): Promise<void> => {
    while (lastSeq + 1 < nextSeq) {
      const query = { after: lastSeq, limit: pageEvents };
      const { events } = await context.client().call("listLedger", { query });
      if (events.length === 0) return;
      await show(events);
    }
  };
  return new Promise((resolve, reject) => {
    const stop = context.terminal.onInterrupt(() => {
      stop();
      stream.close();
      resolve(undefined);
    });
    const tellContact = serviceContact(context, () => "Lost contact with the service, reconnecting …");
    let shown = show(first);
    const stream = context.stream((state) => {
      if (state.kind === "refused") reject(state.error);
      else tellContact(state);
    });
    stream.subscribe("ledger", {
      onData(data) {
        if (data.kind !== "ledger") return;
        shown = shown.then(() => catchUp(data.events[0]?.seq ?? 0)).then(() => show(data.events));
        shown.catch(reject);
      },
      onProblem: (problem) => reject(new RemoteProblem(problem)),
    });
  });
}
