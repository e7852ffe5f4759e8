import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { createLedgerFollow } from "../core/panels/createLedgerFollow.ts";
import {
  makeInvitation,
  outcomeAfter,
  outcomeInList,
  type Invitation,
  type InvitationOutcome,
} from "../core/panels/invitation.ts";
import { formsOf, inviteModel } from "../core/panels/inviteModel.ts";
import {
  inviteMessageSchema,
  type InviteMessage,
  type InviteModel,
  type LinkForm,
} from "../core/panels/inviteSchema.ts";
import { words } from "../core/words/words.ts";
import { createPanel, type PanelHost } from "./createPanel.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** What the panel of a link needs of the extension. */
export interface InvitePanelHost extends PanelHost {
  /** Has the service listen for other machines, after asking; whether it does now. */
  listenFurther: () => Promise<boolean>;
}

/** So long a button says that its text was copied. */
const copiedMs = 2_000;

/**
 * Shows a join link, which is held here and in the page, and nowhere else. The editor does not keep the panel over a reload
 * of the window: the link is withdrawn or runs out in the list of links.
 */
export function openInvitePanel(host: InvitePanelHost, first: Invitation): void {
  const { membership, now } = host;
  let invitation = first;
  let outcome: InvitationOutcome = { kind: "open" };
  let copied: LinkForm | null = null;
  let isBusy = false;
  let isVisible = false;
  let copiedTimer: NodeJS.Timeout | undefined;
  let endTimer: NodeJS.Timeout | undefined;

  /** The session of the link's fleet, where this window shows it. */
  const ownSession = (): FleetSession | null =>
    membership.session?.identity.fleetId === invitation.fleetId ? membership.session : null;

  function set(next: InvitationOutcome): void {
    outcome = next;
    open.touch();
  }

  const ledger = createLedgerFollow<FleetSession>(({ client }, { events, isFresh }) => {
    set(outcomeAfter(outcome, invitation.id, events));
    if (!isFresh || outcome.kind !== "open") return;
    // Who is no admin any more cannot ask; the events still tell.
    void client.call("listTokens").then(
      ({ tokens }) => set(outcomeInList(outcome, invitation.id, tokens)),
      () => undefined,
    );
  });
  const look = (): void => ledger.follow(isVisible ? ownSession() : null);

  function show(next: Invitation): void {
    invitation = next;
    clearTimeout(endTimer);
    endTimer = setTimeout(() => open.touch(), Math.max(0, next.endsAtMs - now()));
    set({ kind: "open" });
  }

  async function withdraw(): Promise<void> {
    const session = ownSession();
    if (!session) return;
    await session.client.call("revokeToken", { params: { token: invitation.id } });
    set({ kind: "withdrawn" });
  }

  async function makeAnother(): Promise<void> {
    const session = ownSession();
    if (session) show(await makeInvitation(session, invitation.purpose, vscode.env.uriScheme, now));
  }

  async function copy(form: LinkForm): Promise<void> {
    await vscode.env.clipboard.writeText(formsOf(invitation)[form]);
    copied = form;
    clearTimeout(copiedTimer);
    copiedTimer = setTimeout(() => {
      copied = null;
      open.touch();
    }, copiedMs);
  }

  async function listen(): Promise<void> {
    const isListening = await host.listenFurther();
    if (!isListening) return;
    // The address in the old link leads nowhere for others.
    await withdraw();
    await makeAnother();
  }

  async function act(work: () => Promise<void>): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    open.touch();
    try {
      await work();
    } catch (error) {
      void showProblem(problemIn(error));
    } finally {
      isBusy = false;
      open.touch();
    }
  }

  async function take(message: InviteMessage): Promise<void> {
    switch (message.kind) {
      case "copy":
        return act(() => copy(message.form));
      case "withdraw":
        return act(withdraw);
      case "again":
        return act(makeAnother);
      case "listen":
        return act(listen);
      case "members":
        await vscode.commands.executeCommand(commandIds.openMembers);
    }
  }

  const title = words.invite.tabTitle("member" in first.purpose ? first.purpose.member : first.role);
  const panel = vscode.window.createWebviewPanel("hwledger.invite", title, vscode.ViewColumn.Active);
  const stop = membership.listen(look);
  const open = createPanel<InviteModel, InviteMessage>(panel, host, {
    page: "invite",
    title: () => title,
    model: () =>
      inviteModel(membership.session, { invitation, outcome, copied, isBusy }, now(), membership.place),
    messageSchema: inviteMessageSchema,
    onMessage: (message) => void take(message),
    onVisible(next) {
      isVisible = next;
      look();
    },
    dispose() {
      stop();
      ledger.follow(null);
      clearTimeout(copiedTimer);
      clearTimeout(endTimer);
    },
  });
  show(first);
}
