import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { createMembersFeed } from "../core/panels/createMembersFeed.ts";
import { membersModel } from "../core/panels/membersModel.ts";
import {
  membersMessageSchema,
  type MembersMessage,
  type MembersModel,
} from "../core/panels/membersSchema.ts";
import { words } from "../core/words/words.ts";
import { createPanel, type PanelHost } from "./createPanel.ts";
import { createPanels, type Panels } from "./createPanels.ts";
import type { Invite } from "./inviteCommand.ts";
import { changeRole, revokeMember, rotateCa } from "./memberActions.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** The panel of the members and their join links, of which there is one. */
export function membersPanels(host: PanelHost, invite: Invite): Panels<"members"> {
  return createPanels({
    viewType: "hwledger.members",
    keyOf: () => "members" as const,
    nameOf: (key) => key,
    fill: (panel) => fillMembersPanel(panel, host, invite),
  });
}

function fillMembersPanel(panel: vscode.WebviewPanel, host: PanelHost, invite: Invite): void {
  const { membership, now } = host;
  /** What is under way about whom, the last of it. */
  const underWay = new Map<string, Promise<void>>();
  let answered = 0;
  let isVisible = false;
  const feed = createMembersFeed(now, () => open.touch());
  const look = (): void => feed.follow(isVisible ? (membership.session ?? null) : null);
  const stop = membership.listen(look);

  /** Does what the page asked for, and reads what came of it. */
  async function act(work: (session: FleetSession) => Promise<void>): Promise<void> {
    const { session } = membership;
    if (!session) return;
    try {
      await work(session);
    } catch (error) {
      void showProblem(problemIn(error));
    }
    await feed.read();
  }

  /** One after the other: of several roles chosen in a row the last one stays. */
  async function inTurn(about: string, work: (session: FleetSession) => Promise<void>): Promise<void> {
    const mine = (underWay.get(about) ?? Promise.resolve()).then(() => act(work));
    underWay.set(about, mine);
    open.touch();
    await mine;
    if (underWay.get(about) === mine) underWay.delete(about);
    answered += 1;
    open.touch();
  }

  /** Not while something is under way about the same: who clicks twice is asked once. */
  async function once(about: string, work: (session: FleetSession) => Promise<void>): Promise<void> {
    if (!underWay.has(about)) await inTurn(about, work);
  }

  async function take(message: MembersMessage): Promise<void> {
    switch (message.kind) {
      case "change-role":
        return inTurn(message.member, (session) => changeRole(session, message.member, message.role));
      case "revoke":
        return once(message.member, async (session) => {
          const record = feed.known?.members.find(({ name }) => name === message.member);
          if (record) await revokeMember(session, record);
        });
      case "bring-back":
        return once(message.member, (session) => invite(session, { member: message.member }));
      case "approve":
        return once(message.member, async ({ client }) => {
          const { member, code } = message;
          await client.call("approveMember", { params: { member }, body: { code } });
        });
      case "rotate":
        return once("rotate", rotateCa);
      case "withdraw":
        return once(message.token, async ({ client }) => {
          await client.call("revokeToken", { params: { token: message.token } });
        });
      case "invite":
        await vscode.commands.executeCommand(commandIds.invite);
        return;
      case "refresh":
        return feed.read();
    }
  }

  const open = createPanel<MembersModel, MembersMessage>(panel, host, {
    page: "members",
    title: () => words.members.title,
    model: () =>
      membersModel(
        membership.session,
        { known: feed.known, problem: feed.problem, busy: new Set(underWay.keys()), answered },
        now(),
        membership.place,
      ),
    messageSchema: membersMessageSchema,
    onMessage: (message) => void take(message),
    onVisible(next) {
      isVisible = next;
      look();
    },
    dispose() {
      stop();
      isVisible = false;
      look();
    },
  });
}
