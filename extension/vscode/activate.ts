import * as vscode from "vscode";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { clientName, openStream } from "../../protocol/client/streamClient.ts";
import type { JobId } from "../../protocol/ids.ts";
import { commandIds, type CommandId } from "../core/commandIds.ts";
import { createMembership, type Membership } from "../core/createMembership.ts";
import { openFleetSession, type FleetSession } from "../core/openFleetSession.ts";
import { contextKeys } from "../core/viewIds.ts";
import { answerPrompts } from "./answerPrompts.ts";
import { createHostsView, type RowHandle } from "./createHostsView.ts";
import { createJobNotices } from "./createJobNotices.ts";
import { createJobsView, type JobHandle } from "./createJobsView.ts";
import { createJobTerminals } from "./createJobTerminals.ts";
import { createPanelCommands } from "./createPanelCommands.ts";
import { createStatusBar } from "./createStatusBar.ts";
import { dispatchCommand } from "./dispatchCommand.ts";
import { logIn, setRate } from "./hostCommands.ts";
import { cancelJob, copyJobId, showLog } from "./jobCommands.ts";
import { createJoinCommands } from "./joinCommands.ts";
import { identitySecret, secretIdentity } from "./secretIdentity.ts";
import { staleDecorations } from "./staleDecorations.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** Wires the extension. Does no I/O: the secret store is read when a view, a command or a link first needs it. */
export function activate(context: vscode.ExtensionContext): void {
  const now = () => Date.now();
  const membership = createMembership({
    store: secretIdentity(context.secrets),
    openSession: (identity) =>
      openFleetSession({
        identity,
        now,
        createClient: createRouteClient,
        openStream: (member, onState) =>
          openStream({ identity: member, client: clientName("hwledger-editor"), onState }),
      }),
  });
  const terminals = createJobTerminals(now, (session, jobId) => void cancelJob(session, jobId));
  const notices = createJobNotices(membership, terminals);
  const joining = createJoinCommands(membership);
  const withSession = sessionCommands(membership);
  const panels = createPanelCommands({ extensionUri: context.extensionUri, membership, now });
  const handlers: Record<CommandId, (...args: never[]) => Promise<void>> = {
    [commandIds.join]: () => joining.join(),
    [commandIds.leave]: () => joining.leave(),
    [commandIds.reconnect]: async () => {
      await membership.ready();
      membership.reconnect();
    },
    [commandIds.dispatch]: (uri?: vscode.Uri) =>
      dispatchCommand({ membership, terminals, notices, now }, uri instanceof vscode.Uri ? uri : undefined),
    [commandIds.cancelJob]: withSession((session, row?: JobHandle) => cancelJob(session, jobOf(row))),
    [commandIds.showLog]: withSession((session, row?: JobHandle) => showLog(session, terminals, jobOf(row))),
    [commandIds.copyJobId]: withSession((session, row?: JobHandle) => copyJobId(session, jobOf(row))),
    [commandIds.setRate]: withSession((session, row?: RowHandle) => setRate(session, row)),
    [commandIds.logIn]: withSession((session, row?: RowHandle) => logIn(session, row)),
    [commandIds.openDashboard]: () => panels.openDashboard(),
    [commandIds.openHost]: withSession((session, row?: RowHandle) => panels.openHost(session, row)),
  };
  context.subscriptions.push(
    { dispose: () => membership.close() },
    terminals,
    notices,
    staleDecorations(),
    panels,
    createHostsView(membership, now),
    createJobsView(membership, now),
    createStatusBar(membership, now),
    answerPrompts(membership),
    membershipKey(membership),
    context.secrets.onDidChange(({ key }) => {
      if (key === identitySecret) void membership.refresh();
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

/** Keeps the manifest's context key in step with the membership. */
function membershipKey(membership: Membership): vscode.Disposable {
  let shown = "";
  const show = (): void => {
    const { session } = membership;
    const key = session === undefined ? "unknown" : session === null ? "none" : "joined";
    if (key === shown) return;
    shown = key;
    void vscode.commands.executeCommand("setContext", contextKeys.membership, key);
  };
  show();
  return { dispose: membership.listen(show) };
}
