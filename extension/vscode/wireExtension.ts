import * as vscode from "vscode";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { clientName, openStream } from "../../protocol/client/streamClient.ts";
import type { JobId } from "../../protocol/ids.ts";
import { createAutoStart } from "../core/createAutoStart.ts";
import { createFilterMemory } from "../core/createFilterMemory.ts";
import { createUpkeep } from "../core/createUpkeep.ts";
import { createLogMemory } from "../core/createLogMemory.ts";
import { logContact } from "../core/logContact.ts";
import { loggedClient } from "../core/loggedClient.ts";
import { createMembership } from "../core/createMembership.ts";
import { settingIds } from "../core/settings.ts";
import { createDispatchMemory } from "../core/createDispatchMemory.ts";
import { createTerminalMemory } from "../core/createTerminalMemory.ts";
import { openFleetSession, type FleetSession } from "../core/openFleetSession.ts";
import { viewIds } from "../core/viewIds.ts";
import { words } from "../core/words/words.ts";
import { alertMarks } from "./alertMarks.ts";
import { answerPrompts } from "./answerPrompts.ts";
import { commandHandlers } from "./commandHandlers.ts";
import { createAlertNotices } from "./createAlertNotices.ts";
import { createHostsView } from "./createHostsView.ts";
import { createJobNotices } from "./createJobNotices.ts";
import { createJobsView } from "./createJobsView.ts";
import { createJobTerminals } from "./createJobTerminals.ts";
import { forgetBuffers } from "./forgetBuffers.ts";
import { keepContextKeys } from "./keepContextKeys.ts";
import { createLedgerView } from "./createLedgerView.ts";
import { createPanelCommands } from "./createPanelCommands.ts";
import { createStatusBar } from "./createStatusBar.ts";
import { createTasks } from "./createTasks.ts";
import { createTraceLinks } from "./createTraceLinks.ts";
import { eventDocuments } from "./eventDocuments.ts";
import { createJoinCommands } from "./joinCommands.ts";
import { localService } from "./localService.ts";
import { profilesSecret, rememberedFleet, secretPendingJoin, secretProfiles } from "./secretProfiles.ts";
import { createServiceCommands } from "./serviceCommands.ts";
import { flagSetting } from "./setting.ts";
import { cancelJob } from "./jobCommands.ts";
import { resumeJobs } from "./resumeJobs.ts";
import { staleDecorations } from "./staleDecorations.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** What the editor may ask of the extension by itself. */
export interface WiredExtension {
  /** One handler for each command. */
  commands: ReturnType<typeof commandHandlers>;
  /** Opens a link to the extension; one that it does not know does nothing. */
  openLink: (uri: vscode.Uri) => Promise<void> | undefined;
}

/** Wires the extension, and connects to the fleet that this window shows; without a membership nothing is asked of anybody. */
export function wireExtension(context: vscode.ExtensionContext): WiredExtension {
  const now = () => Date.now();
  const output = vscode.window.createOutputChannel(words.extensionName, { log: true });
  const log = createLogMemory(output, now);
  const notKept = (error: unknown) => log.warn(words.fleets.notKept(problemIn(error).detail));
  const local = localService(context.extensionUri);
  const membership = createMembership({
    store: secretProfiles(context.secrets),
    wasStopped: (home) => local.wasStopped(home),
    active: rememberedFleet(context.workspaceState, context.globalState),
    openSession: (identity, known) =>
      openFleetSession({
        identity,
        ...(known ? { known } : {}),
        now,
        createClient: (member) => loggedClient(createRouteClient(member), log, now),
        openStream: (member, onState) =>
          openStream({
            identity: member,
            client: clientName("hwledger-editor"),
            onState,
            onRole(role) {
              const kept = membership.profile?.identity; // may have been renewed since
              if (kept?.fleetId === member.fleetId && kept.role !== role)
                membership.keep({ ...kept, role }).catch(notKept);
            },
          }),
      }),
  });
  const memory = createDispatchMemory(context.workspaceState);
  const terminalMemory = createTerminalMemory(context.workspaceState);
  const requestCancel = (session: FleetSession, jobId: JobId) => void cancelJob(session, jobId);
  const terminals = createJobTerminals({ membership, memory: terminalMemory, now, requestCancel });
  const inTasks = new Set<JobId>();
  const dispatching = { membership, terminals, memory, now };
  const joining = createJoinCommands(membership, secretPendingJoin(context.secrets));
  const service = createServiceCommands({ membership, local, joining });
  const filterOf = (viewId: string) => createFilterMemory(context.workspaceState, viewId);
  const hostsView = createHostsView(membership, filterOf(viewIds.hosts), now);
  const ledgerView = createLedgerView(membership, filterOf(viewIds.ledger), now);
  const panels = createPanelCommands({
    extensionUri: context.extensionUri,
    membership,
    now,
    listenFurther: () => service.listenFurther(),
  });
  const questions = answerPrompts(membership);
  const commands = commandHandlers({
    membership,
    questions,
    joining,
    service,
    dispatching,
    hostsView,
    ledgerView,
    panels,
    log,
    output,
    now,
  });
  context.subscriptions.push(
    { dispose: () => membership.close() },
    terminals,
    createJobNotices(membership, terminals, memory, inTasks),
    createAlertNotices({ membership, marks: alertMarks(context.globalStorageUri, now), now, log }),
    createTraceLinks(terminals, memory),
    forgetBuffers(memory),
    createTasks({ membership, memory, requestCancel, inTasks }),
    resumeJobs(membership, terminals),
    staleDecorations(),
    hostsView,
    ledgerView,
    eventDocuments(membership),
    panels,
    createJobsView(membership, now),
    createStatusBar(membership, ledgerView, now),
    questions,
    output,
    { dispose: logContact(membership, log) },
    keepContextKeys(membership),
    {
      dispose: createAutoStart({
        membership,
        local,
        isWanted: (home) => flagSetting(settingIds.startAutomatically) && !local.wasStopped(home),
        now,
        onFailure: (error) => void showProblem(problemIn(error)),
      }),
    },
    {
      dispose: createUpkeep({
        membership,
        now,
        random: Math.random,
        onFailure: (error) => log.warn(words.fleets.upkeepFailed(problemIn(error).code)),
      }),
    },
    context.secrets.onDidChange(({ key }) => {
      if (key === profilesSecret) membership.refresh().catch(notKept);
    }),
  );
  // A member sees the fleet in the status bar, and is told of ends and questions, wherever the window was left.
  membership.ready().catch(() => undefined); // the Hosts view says what is the matter
  return { commands, openLink: (uri) => (uri.path === "/join" ? joining.joinByUri(uri) : undefined) };
}
