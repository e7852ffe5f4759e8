import { hostname, userInfo } from "node:os";
import * as vscode from "vscode";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import {
  makeCertificateRequest,
  type CertificateRequest,
} from "../../protocol/client/makeCertificateRequest.ts";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { memberName } from "../core/memberName.ts";
import { problemText } from "../core/problemText.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** Joining and leaving. */
export interface JoinCommands {
  /** Asks for a join link until one works or the person gives up. */
  join(): Promise<void>;
  /** Joins by a link that somebody outside the editor opened: nothing happens before the person agrees. */
  joinByUri(uri: vscode.Uri): Promise<void>;
  leave(): Promise<void>;
}

export function createJoinCommands(membership: Membership): JoinCommands {
  /** One key per link, so that a repeated try after a lost answer counts as the same joiner. */
  const requests = new Map<string, Promise<CertificateRequest>>();

  async function joinWith(linkText: string): Promise<FleetSession> {
    const name = memberName(ownName(), hostname());
    const { token } = parseJoinLink(linkText);
    const request = requests.get(token) ?? makeCertificateRequest(name);
    requests.set(token, request);
    const identity = await joinFleet(linkText, { name, request: await request });
    requests.delete(token);
    return membership.join(identity);
  }

  async function join(): Promise<void> {
    if (!(await mayReplace(membership))) return;
    const session = await askForLink(joinWith, await linkOnClipboard());
    if (session) welcome(session);
  }

  return {
    join,
    async joinByUri(uri) {
      const linkText = `hwledger://join?${uri.query}`;
      try {
        const { url, caFingerprint } = parseJoinLink(linkText);
        const detail = `Service: ${url}\nCA fingerprint (SHA-256):\n${inGroups(caFingerprint)}\n\nIt must be the fingerprint that the fleet's owner sees.`;
        const agreed = await vscode.window.showInformationMessage(
          "A link asks to join this fleet",
          { modal: true, detail },
          "Join",
        );
        if (agreed !== "Join" || !(await mayReplace(membership))) return;
        const session = await vscode.window.withProgress(
          { location: vscode.ProgressLocation.Notification, title: `Joining the fleet at ${url}` },
          () => joinWith(linkText),
        );
        welcome(session);
      } catch (error) {
        await showProblem(problemIn(error));
      }
    },
    async leave() {
      const session = await membership.ready();
      if (!session) return void vscode.window.showInformationMessage("This editor is in no fleet.");
      const answer = await vscode.window.showWarningMessage(
        `Leave the fleet at ${session.identity.url}?`,
        {
          modal: true,
          detail: "This editor's key is deleted. Jobs run on; coming back takes a new join link.",
        },
        "Leave",
      );
      if (answer === "Leave") await membership.leave();
    },
  };
}

async function mayReplace(membership: Membership): Promise<boolean> {
  // A kept identity that cannot be read must not stand in the way of a new one.
  const session = await membership.ready().catch(() => null);
  if (!session) return true;
  const answer = await vscode.window.showWarningMessage(
    `This editor is in the fleet at ${session.identity.url}`,
    { modal: true, detail: "Joining by another link leaves it. Jobs run on." },
    "Join Another",
  );
  return answer === "Join Another";
}

function askForLink(
  joinWith: (link: string) => Promise<FleetSession>,
  value: string,
): Promise<FleetSession | undefined> {
  const box = vscode.window.createInputBox();
  box.title = "Join a Fleet";
  box.prompt = "The join link that “npm start” or “hwledger token create” printed";
  box.placeholder = "hwledger://join?url=…";
  box.ignoreFocusOut = true;
  box.value = value;
  const tryIt = async (): Promise<FleetSession | undefined> => {
    box.enabled = false;
    box.busy = true;
    try {
      return await joinWith(box.value);
    } catch (error) {
      box.validationMessage = problemText(problemIn(error));
      return undefined;
    } finally {
      box.enabled = true;
      box.busy = false;
    }
  };
  return new Promise((resolve) => {
    box.onDidChangeValue(() => (box.validationMessage = undefined));
    box.onDidAccept(() => {
      void tryIt().then((session) => {
        if (!session) return;
        resolve(session);
        box.dispose();
      });
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
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
  void vscode.window.showInformationMessage(
    `Joined the fleet at ${identity.url} as ${identity.member} (${identity.role}).`,
  );
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
