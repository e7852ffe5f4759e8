import * as vscode from "vscode";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { clientName, openStream } from "../../protocol/client/streamClient.ts";
import type { JobId } from "../../protocol/ids.ts";
import { commandIds, type CommandId } from "../core/commandIds.ts";
import { createAutoStart } from "../core/createAutoStart.ts";
import { createLogMemory } from "../core/createLogMemory.ts";
import { logContact } from "../core/logContact.ts";
import { loggedClient } from "../core/loggedClient.ts";
import { createMembership, type Membership } from "../core/createMembership.ts";
import { settingIds } from "../core/settings.ts";
import { createDispatchMemory } from "../core/createDispatchMemory.ts";
import { createTerminalMemory } from "../core/createTerminalMemory.ts";
import { openFleetSession, type FleetSession } from "../core/openFleetSession.ts";
import { addHost } from "./addHostCommand.ts";
import { words } from "../core/words.ts";
import { answerPrompts } from "./answerPrompts.ts";
import { collectDiagnostics } from "./collectDiagnostics.ts";
import { createHostsView, type RowHandle } from "./createHostsView.ts";
import { createJobNotices } from "./createJobNotices.ts";
import { createJobsView, groupJobs, type JobHandle } from "./createJobsView.ts";
import { createJobTerminals } from "./createJobTerminals.ts";
import { keepContextKeys } from "./keepContextKeys.ts";
import { createLedgerView, type EventHandle } from "./createLedgerView.ts";
import { createPanelCommands } from "./createPanelCommands.ts";
import { createStatusBar } from "./createStatusBar.ts";
import { createTasks } from "./createTasks.ts";
import { createTraceLinks } from "./createTraceLinks.ts";
import { dispatchAgain, runAgain } from "./dispatchAgainCommands.ts";
import { dispatchCommand } from "./dispatchCommand.ts";
import { eventDocuments } from "./eventDocuments.ts";
import { renameFleet, switchFleet } from "./fleetCommands.ts";
import { filterView } from "./filterView.ts";
import { logIn, openTerminal, removeHost, setRate, testConnection } from "./hostCommands.ts";
import { createJoinCommands } from "./joinCommands.ts";
import { localService } from "./localService.ts";
import { profilesSecret, rememberedFleet, secretProfiles } from "./secretProfiles.ts";
import { createServiceCommands, rememberedStops } from "./serviceCommands.ts";
import { flagSetting } from "./setting.ts";
import { cancelJob, copyJobId, pickJobId, showLog } from "./jobCommands.ts";
import { resumeJobs } from "./resumeJobs.ts";
import { staleDecorations } from "./staleDecorations.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** Wires the extension. Does no I/O: the secret store is read when a view, a command or a link first needs it. */
export function activate(context: vscode.ExtensionContext): void {
  const now = () => Date.now();
  const output = vscode.window.createOutputChannel("hwLedger Fleet", { log: true });
  const log = createLogMemory(output, now);
  const membership = createMembership({
    store: secretProfiles(context.secrets),
    active: rememberedFleet(context.workspaceState, context.globalState),
    openSession: (identity) =>
      openFleetSession({
        identity,
        now,
        createClient: (member) => loggedClient(createRouteClient(member), log, now),
        openStream: (member, onState) =>
          openStream({ identity: member, client: clientName("hwledger-editor"), onState }),
      }),
  });
  const memory = createDispatchMemory(context.workspaceState);
  const terminalMemory = createTerminalMemory(context.workspaceState);
  const requestCancel = (session: FleetSession, jobId: JobId) => void cancelJob(session, jobId);
  const terminals = createJobTerminals({ membership, memory: terminalMemory, now, requestCancel });
  const dispatching = { membership, terminals, memory, now };
  const joining = createJoinCommands(membership);
  const local = localService(context.extensionUri);
  const stoppedHomes = rememberedStops(context.globalState);
  const service = createServiceCommands({ membership, local, joining, stoppedHomes });
  const withSession = sessionCommands(membership);
  const hostsView = createHostsView(membership, now);
  const ledgerView = createLedgerView(membership, now);
  const panels = createPanelCommands({ extensionUri: context.extensionUri, membership, now });
  const handlers: Record<CommandId, (...args: never[]) => Promise<void>> = {
    [commandIds.join]: () => joining.join(),
    [commandIds.leave]: () => joining.leave(),
    [commandIds.reconnect]: async () => {
      await membership.ready();
      membership.reconnect();
    },
    [commandIds.collectDiagnostics]: () => collectDiagnostics(membership, log),
    [commandIds.showOutput]: () => Promise.resolve(output.show()),
    [commandIds.startService]: () => service.start(),
    [commandIds.stopService]: () => service.stop(),
    [commandIds.restartService]: () => service.restart(),
    [commandIds.showServiceLog]: () => service.showLog(),
    [commandIds.switchFleet]: () => switchFleet(membership),
    [commandIds.renameFleet]: () => renameFleet(membership),
    [commandIds.dispatch]: (uri?: vscode.Uri) =>
      dispatchCommand(dispatching, uri instanceof vscode.Uri ? uri : undefined),
    [commandIds.dispatchAgain]: () => dispatchAgain(dispatching),
    [commandIds.runAgain]: withSession(async (session, row?: JobHandle) => {
      const jobId = jobOf(row) ?? (await pickJobId(session, "Run again"));
      if (jobId) await runAgain(dispatching, jobId);
    }),
    [commandIds.groupJobsByHost]: () => groupJobs("host"),
    [commandIds.groupJobsByState]: () => groupJobs("state"),
    [commandIds.cancelJob]: withSession((session, row?: JobHandle) => cancelJob(session, jobOf(row))),
    [commandIds.showLog]: withSession((session, row?: JobHandle) => showLog(session, terminals, jobOf(row))),
    [commandIds.copyJobId]: withSession((session, row?: JobHandle) => copyJobId(session, jobOf(row))),
    [commandIds.addHost]: withSession((session) => addHost(session)),
    [commandIds.testConnection]: withSession((session, row?: RowHandle) => testConnection(session, row, now)),
    [commandIds.openTerminal]: withSession((session, row?: RowHandle) =>
      openTerminal(session, row, membership.isLocal),
    ),
    [commandIds.removeHost]: withSession((session, row?: RowHandle) => removeHost(session, row)),
    [commandIds.filterHosts]: () =>
      filterView(hostsView, { title: words.hosts.filterTitle, prompt: words.hosts.filterPrompt }),
    [commandIds.clearHostFilter]: () => Promise.resolve(hostsView.setFilter("")),
    [commandIds.verifyLedger]: () => ledgerView.verify(),
    [commandIds.filterLedger]: () =>
      filterView(ledgerView, { title: words.ledger.filterTitle, prompt: words.ledger.filterPrompt }),
    [commandIds.clearLedgerFilter]: () => ledgerView.setFilter(""),
    [commandIds.showOlderEvents]: () => ledgerView.showOlder(),
    [commandIds.showEvent]: (handle?: EventHandle) => ledgerView.showEvent(handle),
    [commandIds.setRate]: withSession((session, row?: RowHandle) => setRate(session, row)),
    [commandIds.logIn]: withSession((session, row?: RowHandle) => logIn(session, row)),
    [commandIds.openDashboard]: () => panels.openDashboard(),
    [commandIds.openHost]: withSession((session, row?: RowHandle) => panels.openHost(session, row)),
  };
  context.subscriptions.push(
    { dispose: () => membership.close() },
    terminals,
    createJobNotices(membership, terminals, memory),
    createTraceLinks(terminals, memory),
    createTasks({ membership, memory, requestCancel }),
    resumeJobs({ membership, terminals, memory, terminalMemory }),
    staleDecorations(),
    hostsView,
    ledgerView,
    eventDocuments(membership),
    panels,
    createJobsView(membership, now),
    createStatusBar(membership, now),
    answerPrompts(membership),
    output,
    { dispose: logContact(membership, log) },
    keepContextKeys(membership),
    {
      dispose: createAutoStart({
        membership,
        local,
        isWanted: (home) => flagSetting(settingIds.startAutomatically) && !stoppedHomes.has(home),
        now,
        onFailure: (error) => void showProblem(problemIn(error)),
      }),
    },
    context.secrets.onDidChange(({ key }) => {
      if (key === profilesSecret) void membership.refresh();
    }),
    vscode.window.registerUriHandler({
      handleUri: (uri) => (uri.path === "/join" ? joining.joinByUri(uri) : undefined),
    }),
    ...Object.entries(handlers).map(([id, run]) => vscode.commands.registerCommand(id, run)),
  );
}

/** The job of a row that a command was called on. */
function jobOf(row: JobHandle | undefined): JobId | undefined {
  return row?.jobId ?? undefined;
}

/** Commands that need a membership: without one they offer joining. */
function sessionCommands(membership: Membership) {
  return <A extends unknown[]>(run: (session: FleetSession, ...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      try {
        const session = await membership.ready();
        if (session) return await run(session, ...args);
        const answer = await vscode.window.showInformationMessage(
          "This editor is in no fleet yet.",
          "Join a Fleet",
        );
        if (answer !== undefined) await vscode.commands.executeCommand(commandIds.join);
      } catch (error) {
        await showProblem(problemIn(error));
      }
    };
}
