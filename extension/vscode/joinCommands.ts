import { hostname, userInfo } from "node:os";
import * as vscode from "vscode";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import { createJoining, type PendingJoin } from "../core/createJoining.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { memberName } from "../core/memberName.ts";
import type { FleetTraits } from "../core/profile.ts";
import { problemText } from "../core/problemText.ts";
import { words } from "../core/words/words.ts";
import { cancellable, isCancelled } from "./cancellable.ts";
import { inform, warn } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

const { join: say } = words;

/** Joining and leaving. */
export interface JoinCommands {
  /** Asks for a join link until one works or the person gives up. */
  join(): Promise<void>;
  /** Joins by a link that somebody outside the editor opened: nothing happens before the person agrees. */
  joinByUri(uri: vscode.Uri): Promise<void>;
  /** Joins, without asking, the fleet that this editor itself started on this machine. */
  joinOwn(linkText: string, traits: FleetTraits): Promise<void>;
  leave(): Promise<void>;
}

export function createJoinCommands(membership: Membership, pending: PendingJoin): JoinCommands {
  const joining = createJoining({ membership, pending, name: () => memberName(ownName(), hostname()) });

  async function join(): Promise<void> {
    const session = await askForLink(
      (link, signal) => joining.join(link, { signal }),
      await linkOnClipboard(),
    );
    if (session) welcome(session);
  }

  return {
    join,
    async joinByUri(uri) {
      const linkText = `hwledger://join?${uri.query}`;
      try {
        const { url, caFingerprint } = parseJoinLink(linkText);
        const known = await joining.known(linkText);
        const detail = say.linkDetail(url, inGroups(caFingerprint), known?.label ?? null);
        const agreed = await inform(say.linkQuestion, { modal: true, detail }, say.agree);
        if (agreed !== say.agree) return;
        welcome(await cancellable(say.joining(url), (signal) => joining.join(linkText, { signal })));
      } catch (error) {
        if (isCancelled(error)) return;
        await showProblem(problemIn(error));
      }
    },
    async joinOwn(linkText, traits) {
      welcome(await joining.join(linkText, { traits }));
    },
    async leave() {
      const session = await membership.ready();
      if (!session) return void inform(words.fleets.none);
      const answer = await warn(
        words.fleets.leaveQuestion(session.identity.url),
        {
          modal: true,
          detail: words.fleets.leaveDetail,
        },
        words.fleets.leave,
      );
      if (answer === words.fleets.leave) await membership.leave(session.identity.fleetId);
    },
  };
}

/** Asks in a box. Once it is accepted the joining goes on without it, as when another list takes its place. */
function askForLink(
  joinWith: (link: string, signal: AbortSignal) => Promise<FleetSession>,
  value: string,
): Promise<FleetSession | undefined> {
  const box = vscode.window.createInputBox();
  box.title = say.title;
  box.prompt = say.prompt;
  box.placeholder = say.placeHolder;
  box.ignoreFocusOut = true;
  box.value = value;
  let isHidden = false;
  const tryIt = async (): Promise<FleetSession | undefined> => {
    box.enabled = false;
    box.busy = true;
    const link = box.value;
    try {
      const { url } = parseJoinLink(link);
      return await cancellable(say.joining(url), (signal) => joinWith(link, signal));
    } catch (error) {
      if (isCancelled(error)) return undefined;
      if (isHidden) void showProblem(problemIn(error));
      else box.validationMessage = problemText(problemIn(error));
      return undefined;
    } finally {
      box.enabled = true;
      box.busy = false;
    }
  };
  return new Promise((resolve) => {
    const finish = (session: FleetSession | undefined) => {
      resolve(session);
      box.dispose();
    };
    box.onDidChangeValue(() => (box.validationMessage = undefined));
    box.onDidAccept(() => {
      void tryIt().then((session) => {
        if (session || isHidden) finish(session);
      });
    });
    box.onDidHide(() => {
      isHidden = true;
      if (!box.busy) finish(undefined);
    });
    box.show();
  });
}

async function linkOnClipboard(): Promise<string> {
  try {
    const text = (await vscode.env.clipboard.readText()).trim();
    parseJoinLink(text);
    return text;
  } catch {
    return ""; // no link there, or no clipboard to read
  }
}

function welcome({ identity }: FleetSession): void {
  void inform(say.joined(identity.url, identity.member, identity.role));
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return "editor"; // an account without a name
  }
}

function inGroups(hex: string): string {
  return (hex.match(/.{1,8}/g) ?? []).join(" ");
}
