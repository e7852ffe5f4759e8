import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import { exactMomentText } from "./clock.ts";
import { eventText, type EventNames } from "./eventText.ts";
import { markdownTable, markdownText } from "./markdown.ts";
import { printable } from "./printable.ts";
import { ledgerWords } from "./words/ledgerWords.ts";

/** What an event says, when it was, who did it and its number, as Markdown. */
export function eventTooltip(event: LedgerEvent, names: EventNames): string {
  const lines: (readonly [string, string])[] = [
    [ledgerWords.tooltip.when, momentOf(event)],
    [ledgerWords.tooltip.by, printable(event.actor)],
    [ledgerWords.tooltip.event, `#${event.seq}, ${printable(event.type)}`],
  ];
  return `**${markdownText(eventText(event, names))}**\n\n${markdownTable(lines)}`;
}

/** The whole event as JSON, below a comment that says its moment in words. */
export function eventDocument(event: LedgerEvent): string {
  return `// #${event.seq} ${momentOf(event)}\n${JSON.stringify(event, null, 2)}\n`;
}

function momentOf({ atMs }: LedgerEvent): string {
  return ledgerWords.localTime(exactMomentText(atMs));
}
