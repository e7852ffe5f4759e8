import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import type { FilterMemory } from "../core/createFilterMemory.ts";
import { createLedgerFeed, type LedgerFeed } from "../core/createLedgerFeed.ts";
import type { Membership } from "../core/createMembership.ts";
import { eventTooltip } from "../core/eventDetails.ts";
import {
  emptyLedger,
  eventNames,
  isBroken,
  isVerified,
  ledgerRowIds,
  ledgerRows,
} from "../core/ledgerRows.ts";
import { unknownFleet } from "../core/fleetState.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { contextKeys, viewIds } from "../core/viewIds.ts";
import { words } from "../core/words/words.ts";
import { cancellable, isCancelled } from "./cancellable.ts";
import { createRowTree, type RowAction } from "./createRowTree.ts";
import { openEventDocument } from "./eventDocuments.ts";
import { fail, inform } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** What a row of the Ledger view is to commands from its menu. */
export interface EventHandle {
  readonly rowId: string;
  /** Null for a row that is no event. */
  readonly seq: number | null;
}

/** The Ledger view, and what its commands do. */
export interface LedgerView {
  readonly filter: string;
  /** Whether the chain of the fleet that is shown was found to be broken. */
  readonly isBroken: boolean;
  /** That may have changed. */
  readonly onDidJudge: vscode.Event<void>;
  /** Rejects with what the service says, and where there is no fleet. */
  setFilter(filter: string): Promise<void>;
  clearFilter(): Promise<void>;
  verify(): Promise<void>;
  showOlder(): Promise<void>;
  dispose(): void;
}

/** The Ledger view: newest first. Follows the ledger while it is in sight. */
export function createLedgerView(
  membership: Membership,
  filterMemory: FilterMemory,
  now: () => number,
): LedgerView {
  let feed: LedgerFeed | null = null;
  let owner: FleetSession | null = null;
  const judged = new vscode.EventEmitter<void>();
  let wasBroken = false;
  let wasFiltered = false;
  let wasVerified = false;

  const tree = createRowTree<EventHandle>({
    viewId: viewIds.ledger,
    membership,
    now,
    rows: ({ fleet, contact }) => ledgerRows(feed?.state ?? emptyLedger, fleet, contact, now()),
    newHandle: (rowId) => ({ rowId, seq: rowId.startsWith("event:") ? Number(rowId.slice(6)) : null }),
    tooltip({ seq }) {
      const event = feed?.state.events.find((one) => one.seq === seq);
      return event ? eventTooltip(event, eventNames(membership.session?.fleet ?? unknownFleet)) : null;
    },
    action: (handle) => rowAction(handle),
  });
  const { view } = tree;

  /** The feed of the session that is shown; each session has one of its own. */
  function feedOf(session: FleetSession | null | undefined): LedgerFeed | null {
    if (!session) return null;
    if (session === owner && feed !== null) return feed;
    const filter = feed?.filter ?? filterMemory.get();
    const isSameFleet = owner?.identity.fleetId === session.identity.fleetId;
    const known = isSameFleet && feed !== null ? { known: feed.state } : {};
    feed?.close();
    owner = session;
    feed = createLedgerFeed({ session, now, onChange: draw, filter, ...known });
    feed.setVisible(view.visible);
    return feed;
  }

  function draw(): void {
    const broken = feed !== null && isBroken(feed.state);
    if (broken !== wasBroken) {
      wasBroken = broken;
      judged.fire();
    }
    const badge = broken ? { value: 1, tooltip: words.ledger.broken } : undefined;
    if (view.badge?.value !== badge?.value) view.badge = badge;
    const description = feed?.filter ? words.filter(feed.filter) : undefined;
    if (view.description !== description) view.description = description;
    const filters = description !== undefined;
    if (filters !== wasFiltered)
      void vscode.commands.executeCommand("setContext", contextKeys.ledgerFiltered, filters);
    wasFiltered = filters;
    if (!wasVerified && feed !== null && isVerified(feed.state)) {
      wasVerified = true;
      void vscode.commands.executeCommand("setContext", contextKeys.ledgerVerified, true);
    }
    tree.touch();
  }

  function update(): void {
    const { session } = membership;
    if (!session) {
      feed?.close();
      feed = null;
      owner = null;
    } else feedOf(session);
    draw();
  }

  async function withFeed(work: (feed: LedgerFeed) => Promise<void>): Promise<void> {
    try {
      const known = feedOf(await membership.ready());
      if (known) await work(known);
      else void inform(words.fleets.none);
    } catch (error) {
      if (!isCancelled(error)) await showProblem(problemIn(error));
    }
  }

  const parts = vscode.Disposable.from(
    tree,
    judged,
    { dispose: membership.listen(update) },
    view.onDidChangeVisibility(({ visible }) => feed?.setVisible(visible)),
    { dispose: () => feed?.close() },
  );
  return {
    get filter() {
      return feed?.filter ?? "";
    },
    get isBroken() {
      return wasBroken;
    },
    onDidJudge: judged.event,
    async setFilter(filter) {
      const known = feedOf(await membership.ready());
      if (!known) throw new Error(words.fleets.none);
      await known.setFilter(filter);
      filterMemory.set(known.filter);
      draw();
    },
    clearFilter: () =>
      withFeed(async (known) => {
        filterMemory.set("");
        try {
          await known.setFilter("");
        } finally {
          draw();
        }
      }),
    verify: () =>
      withFeed(async (known) => {
        const fleetId = membership.session?.identity.fleetId;
        const verdict = await cancellable(words.ledger.verifying, (signal) => known.verify(signal));
        if (verdict === null) return;
        if (feed !== known && membership.session?.identity.fleetId === fleetId) feed?.takeVerdict(verdict);
        const { ok, events, firstBad } = verdict;
        if (ok) void inform(words.ledger.verified(events));
        else void fail(words.ledger.brokenAt(firstBad?.seq ?? 0, firstBad?.reason ?? ""));
      }),
    showOlder: () =>
      withFeed(async (known) => {
        await vscode.commands.executeCommand(`${viewIds.ledger}.focus`);
        if (!(await known.showOlder())) void inform(words.ledger.noOlder);
      }),
    dispose: () => void parts.dispose(),
  };
}

/** Opens the row's event, or the one whose number is typed. */
export async function showEvent(session: FleetSession, handle: EventHandle | undefined): Promise<void> {
  const seq = handle?.seq ?? (await typeSeq());
  if (seq !== undefined) await openEventDocument(session.identity.fleetId, seq);
}

function rowAction(handle: EventHandle): RowAction | undefined {
  const { verify, older, show } = words.ledger;
  if (handle.rowId === ledgerRowIds.verification)
    return { title: verify, run: () => vscode.commands.executeCommand(commandIds.verifyLedger) };
  if (handle.rowId === ledgerRowIds.older)
    return { title: older, run: () => vscode.commands.executeCommand(commandIds.showOlderEvents) };
  if (handle.seq === null) return undefined;
  return { title: show, run: () => vscode.commands.executeCommand(commandIds.showEvent, handle) };
}

async function typeSeq(): Promise<number | undefined> {
  const isSeq = (typed: string) => /^[1-9]\d{0,14}$/.test(typed.trim());
  const typed = await vscode.window.showInputBox({
    title: words.ledger.show,
    prompt: words.ledger.seqPrompt,
    ignoreFocusOut: true,
    validateInput: (text) => (isSeq(text) ? undefined : words.ledger.seqRule),
  });
  return typed === undefined ? undefined : Number(typed);
}
