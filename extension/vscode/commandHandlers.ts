import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import { commandIds, type CommandId } from "../core/commandIds.ts";
import type { LogMemory } from "../core/createLogMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { words } from "../core/words.ts";
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
import { logIn, openTerminal, removeHost, setRate, testConnection } from "./hostCommands.ts";
import { cancelJob, copyJobId, pickJobId, showLog } from "./jobCommands.ts";
import type { JoinCommands } from "./joinCommands.ts";
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

/** One handler for each command. */
export function commandHandlers(parts: CommandParts): Required<Handlers> {
  return { ...fleetHandlers(parts), ...jobHandlers(parts), ...hostHandlers(parts), ...ledgerHandlers(parts) };
}

function fleetHandlers({ membership, joining, service, panels, log, output }: CommandParts) {
  const withSession = sessionCommands(membership);
  return {
    [commandIds.join]: () => joining.join(),
    [commandIds.leave]: () => joining.leave(),
    [commandIds.reconnect]: async () => {
      const session = await membership.ready();
      if (session === null) void vscode.window.showInformationMessage(words.fleets.none);
      else if (session.contact.kind === "live")
        void vscode.window.showInformationMessage(words.fleets.connected(session.identity.url));
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
    [commandIds.invite]: withSession((session) => panels.invite(session)),
    [commandIds.collectDiagnostics]: () => collectDiagnostics(membership, log),
    [commandIds.showOutput]: () => Promise.resolve(output.show()),
  } satisfies Handlers;
}

function jobHandlers({ membership, dispatching }: CommandParts) {
  const { terminals } = dispatching;
  const withSession = sessionCommands(membership);
  return {
    [commandIds.dispatch]: (uri?: vscode.Uri) =>
      dispatchCommand(dispatching, uri instanceof vscode.Uri ? uri : undefined),
    [commandIds.dispatchAgain]: () => dispatchAgain(dispatching),
    [commandIds.runAgain]: withSession(async (session, row?: JobHandle) => {
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
  const withSession = sessionCommands(membership);
  const { filterTitle: title, filterPrompt: prompt } = words.hosts;
  return {
    [commandIds.addHost]: withSession((session) => addHost(session)),
    [commandIds.testConnection]: withSession((session, row?: RowHandle) => testConnection(session, row, now)),
    [commandIds.openTerminal]: withSession((session, row?: RowHandle) =>
      openTerminal(session, row, membership.place !== "elsewhere"),
    ),
    [commandIds.removeHost]: withSession((session, row?: RowHandle) => removeHost(session, row)),
    [commandIds.setRate]: withSession((session, row?: RowHandle) => setRate(session, row)),
    [commandIds.logIn]: withSession((session, row?: RowHandle) => logIn(session, row)),
    [commandIds.answerHosts]: () => questions.askAll(),
    [commandIds.openHost]: withSession((session, row?: RowHandle) => panels.openHost(session, row)),
    [commandIds.groupHosts]: () => groupHosts(),
    [commandIds.filterHosts]: withSession(() => filterView(hostsView, { title, prompt })),
    [commandIds.clearHostFilter]: () => Promise.resolve(hostsView.setFilter("")),
  } satisfies Handlers;
}

function ledgerHandlers({ membership, ledgerView }: CommandParts) {
  const withSession = sessionCommands(membership);
  const { filterTitle: title, filterPrompt: prompt } = words.ledger;
  return {
    [commandIds.verifyLedger]: withSession(() => ledgerView.verify()),
    [commandIds.filterLedger]: withSession(() => filterView(ledgerView, { title, prompt })),
    [commandIds.clearLedgerFilter]: () => ledgerView.clearFilter(),
    [commandIds.showOlderEvents]: withSession(() => ledgerView.showOlder()),
    [commandIds.showEvent]: withSession((session, handle?: EventHandle) => showEvent(session, handle)),
  } satisfies Handlers;
}

/** The job of a row that a command was called on. */
function jobOf(row: JobHandle | undefined): JobId | undefined {
  return row?.jobId ?? undefined;
}

/** Commands that need a membership: without one they offer the ways to one. */
function sessionCommands(membership: Membership) {
  return <A extends unknown[]>(run: (session: FleetSession, ...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      try {
        const session = (await membership.ready()) ?? (await offerFleet(membership));
        if (session) await run(session, ...args);
      } catch (error) {
        await showProblem(problemIn(error));
      }
    };
}
