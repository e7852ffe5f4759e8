import type { LedgerEvent, LedgerVerdict } from "../../../protocol/ledger/events.ts";
import type { Style } from "../terminal.ts";
import { timeText } from "./figures.ts";
import { printable, visibleLength } from "./table.ts";

/** Most characters of an event's facts on its line. */
const factsLimit = 120;

/** Fewest characters of them, also where the terminal is too narrow for that. */
const factsLeast = 16;

/** An event as one line of `ledger tail`, its facts cut so that it fits into so many columns. */
export function eventText(event: LedgerEvent, style: Style, columns = Infinity): string {
  const head = [
    String(event.seq).padStart(5),
    timeText(event.atMs),
    style.bold(printable(event.type).padEnd(20)),
    printable(event.actor.replace(/^user\//, "")).padEnd(14),
  ].join("  ");
  const limit = Math.min(factsLimit, Math.max(factsLeast, columns - visibleLength(head) - 2));
  const facts = printable(JSON.stringify(event.payload));
  const shown = facts.length > limit ? `${facts.slice(0, limit - 1)}…` : facts;
  return `${head}  ${style.dim(shown)}`;
}

/** What `ledger verify` found. */
export function verdictText({ ok, events, head, firstBad }: LedgerVerdict, style: Style): string {
  if (ok) return `${style.green("The ledger holds.")} ${events} events, head ${head}`;
  return [
    style.red(`The ledger does NOT hold: event ${firstBad?.seq ?? "?"} of ${events} is bad.`),
    printable(firstBad?.reason ?? ""),
    `expected  ${printable(firstBad?.expected ?? "")}`,
    `found     ${printable(firstBad?.found ?? "")}`,
  ].join("\n");
}
