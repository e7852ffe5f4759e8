import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import { commandIds, type CommandId } from "../core/commandIds.ts";
import { assertRole } from "../core/commandRoles.ts";
import type { LogMemory } from "../core/createLogMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { words } from "../core/words/words.ts";
import { addHost } from "./addHostCommand.ts";
import type { HostQuestions } from "./answerPrompts.ts";
import { collectDiagnostics } from "./collectDiagnostics.ts";
import type { HostsView, RowHandle } from "./createHostsView.ts";
import { groupJobs, type JobHandle } from "./createJobsView.ts";
import { showEvent, type EventHandle, type LedgerView } from "./createLedgerView.ts";
import type { PanelCommands } from "./createPanelCommands.ts";
import { dispatchAgain, runAgain } from "./dispatchAgainCommands.ts";
import { dispatchCommand, type DispatchNeeds } from "./dispatchCommand.ts";
import { filterView } from "./filterView.ts";
import { renameFleet, switchFleet } from "./fleetCommands.ts";
import { groupHosts } from "./groupHosts.ts";
import { installAgent, logIn, openTerminal, removeHost, setRate, testConnection } from "./hostCommands.ts";
import { cancelJob, copyJobId, pickJobId, showLog } from "./jobCommands.ts";
import type { JoinCommands } from "./joinCommands.ts";
import { inform } from "./notices.ts";
import { offerFleet } from "./offerFleet.ts";
import { renewMembership } from "./renewCommand.ts";
import type { ServiceCommands } from "./serviceCommands.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** What the commands work with. */
export interface CommandParts {
  membership: Membership;
  questions: Pick<HostQuestions, "askAll">;
  joining: JoinCommands;
  service: ServiceCommands;
  dispatching: DispatchNeeds;
  hostsView: HostsView;
  ledgerView: LedgerView;
  panels: PanelCommands;
  log: LogMemory;
  output: Pick<vscode.OutputChannel, "show">;
  now: () => number;
}

type Handlers = Partial<Record<CommandId, (...args: never[]) => Promise<void>>>;

/** One handler for each command. Whatever goes wrong in one is said. */
export function commandHandlers(parts: CommandParts): Required<Handlers> {
  const handlers: Required<Handlers> = {
    ...{ ...fleetHandlers(parts), ...jobHandlers(parts) },
    ...{ ...hostHandlers(parts), ...ledgerHandlers(parts) },
  };
  const told = Object.entries(handlers).map(([id, run]) => [id, saying(run)]);
  return Object.fromEntries(told) as Required<Handlers>;
}

function saying<A extends never[]>(run: (...args: A) => Promise<void>) {
  return async (...args: A): Promise<void> => {
    try {
      await run(...args);
    } catch (error) {
      await showProblem(problemIn(error));
    }
  };
}

function fleetHandlers({ membership, joining, service, panels, log, output }: CommandParts) {
  const { withRole } = sessionCommands(membership);
  return {
    [commandIds.join]: () => joining.join(),
    [commandIds.leave]: () => joining.leave(),
    [commandIds.reconnect]: async () => {
      const session = await membership.ready();
      if (session === null) void inform(words.fleets.none);
      else if (session.contact.kind === "live") void inform(words.fleets.connected(session.identity.url));
      else membership.reconnect();
    },
    [commandIds.renew]: () => renewMembership(membership),
    [commandIds.startService]: () => service.start(),
    [commandIds.startOwnService]: () => service.start(),
    [commandIds.stopService]: () => service.stop(),
    [commandIds.restartService]: () => service.restart(),
    [commandIds.showServiceLog]: () => service.showLog(),
    [commandIds.listenFurther]: () => service.listenFurther().then(() => undefined),
    [commandIds.listenHere]: () => service.listenHere().then(() => undefined),
    [commandIds.switchFleet]: () => switchFleet(membership),
    [commandIds.renameFleet]: () => renameFleet(membership),
    [commandIds.openDashboard]: () => panels.openDashboard(),
    [commandIds.openMembers]: () => panels.openMembers(),
    [commandIds.invite]: withRole(commandIds.invite, (session) => panels.invite(session)),
    [commandIds.collectDiagnostics]: () => collectDiagnostics(membership, log),
    [commandIds.showOutput]: () => Promise.resolve(output.show()),
  } satisfies Handlers;
}

function jobHandlers({ membership, dispatching }: CommandParts) {
  const { terminals } = dispatching;
  const { withSession, withRole } = sessionCommands(membership);
  return {
    [commandIds.dispatch]: (uri?: vscode.Uri) => dispatchCommand(dispatching, fileOf(uri)),
    [commandIds.dispatchAgain]: (uri?: vscode.Uri) => dispatchAgain(dispatching, fileOf(uri)),
    [commandIds.runAgain]: withRole(commandIds.runAgain, async (session, row?: JobHandle) => {
      const jobId = jobOf(row) ?? (await pickJobId(session, words.job.runAgain));
      if (jobId) await runAgain(dispatching, jobId);
    }),
    [commandIds.groupJobsByHost]: () => groupJobs("host"),
    [commandIds.groupJobsByState]: () => groupJobs("state"),
    [commandIds.cancelJob]: withSession((session, row?: JobHandle) => cancelJob(session, jobOf(row))),
    [commandIds.showLog]: withSession((session, row?: JobHandle) => showLog(session, terminals, jobOf(row))),
    [commandIds.copyJobId]: withSession((session, row?: JobHandle) => copyJobId(session, jobOf(row))),
  } satisfies Handlers;
}

function hostHandlers({ membership, questions, hostsView, panels, now }: CommandParts) {
  const { withSession, withRole } = sessionCommands(membership);
  const { filterTitle: title, filterPrompt: prompt } = words.hosts;
  return {
    [commandIds.addHost]: withRole(commandIds.addHost, (session) => addHost(session)),
    [commandIds.installAgent]: withRole(commandIds.installAgent, (session, row?: RowHandle) =>
      installAgent(session, row),
    ),
    [commandIds.testConnection]: withRole(commandIds.testConnection, (session, row?: RowHandle) =>
      testConnection(session, row, now),
    ),
    [commandIds.openTerminal]: withSession((session, row?: RowHandle) =>
      openTerminal(session, row, membership.place !== "elsewhere"),
    ),
    [commandIds.removeHost]: withRole(commandIds.removeHost, (session, row?: RowHandle) =>
      removeHost(session, row),
    ),
    [commandIds.setRate]: withRole(commandIds.setRate, (session, row?: RowHandle) => setRate(session, row)),
    [commandIds.logIn]: withRole(commandIds.logIn, (session, row?: RowHandle) => logIn(session, row)),
    [commandIds.answerHosts]: withRole(commandIds.answerHosts, () => questions.askAll()),
    [commandIds.openHost]: withSession((session, row?: RowHandle) => panels.openHost(session, row)),
    [commandIds.groupHosts]: () => groupHosts(),
    [commandIds.filterHosts]: withSession(() => filterView(hostsView, { title, prompt })),
    [commandIds.clearHostFilter]: () => Promise.resolve(hostsView.setFilter("")),
  } satisfies Handlers;
}

function ledgerHandlers({ membership, ledgerView }: CommandParts) {
  const { withSession } = sessionCommands(membership);
  const { filterTitle: title, filterPrompt: prompt } = words.ledger;
  return {
    [commandIds.verifyLedger]: withSession(() => ledgerView.verify()),
    [commandIds.filterLedger]: withSession(() => filterView(ledgerView, { title, prompt })),
    [commandIds.clearLedgerFilter]: () => ledgerView.clearFilter(),
    [commandIds.showOlderEvents]: withSession(() => ledgerView.showOlder()),
    [commandIds.showEvent]: withSession((session, handle?: EventHandle) => showEvent(session, handle)),
  } satisfies Handlers;
}

/** The file of a menu that a command was called from; keys and the palette name none. */
function fileOf(uri: vscode.Uri | undefined): vscode.Uri | undefined {
  return uri instanceof vscode.Uri ? uri : undefined;
}

/** The job of a row that a command was called on. */
function jobOf(row: JobHandle | undefined): JobId | undefined {
  return row?.jobId ?? undefined;
}

type SessionCommand<A extends unknown[]> = (session: FleetSession, ...args: A) => Promise<void>;

/** Commands that need a membership: without one they offer the ways to one. Some need a role too, and first say so. */
function sessionCommands(membership: Membership) {
  const withSession =
    <A extends unknown[]>(run: SessionCommand<A>) =>
    async (...args: A): Promise<void> => {
      const session = (await membership.ready()) ?? (await offerFleet(membership));
      if (session) await run(session, ...args);
    };
  return {
    withSession,
    withRole: <A extends unknown[]>(id: CommandId, run: SessionCommand<A>) =>
      withSession<A>(async (session, ...args) => {
        assertRole(session, id);
        await run(session, ...args);
      }),
  };
}
