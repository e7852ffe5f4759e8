import * as vscode from "vscode";
import type { UserRole } from "../../protocol/ids.ts";
import type { MemberRecord } from "../../protocol/member.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { words } from "../core/words.ts";

const say = words.members;

/** Gives a member another role. Asks first where that is one's own and less than admin. */
export async function changeRole(session: FleetSession, member: string, role: UserRole): Promise<void> {
  if (member === session.identity.member && role !== "admin") {
    const options = { modal: true, detail: say.changeOwnDetail };
    const answer = await vscode.window.showWarningMessage(
      say.changeOwnQuestion(role),
      options,
      say.changeOwn,
    );
    if (answer !== say.changeOwn) return;
  }
  await session.client.call("changeMember", { params: { member }, body: { role } });
}

/** Makes the fleet's next certificate authority, after asking. */
export async function rotateCa({ client }: FleetSession): Promise<void> {
  const options = { modal: true, detail: say.rotateDetail };
  const answer = await vscode.window.showWarningMessage(say.rotateQuestion, options, say.rotate);
  if (answer === say.rotate) await client.call("rotateCa", { body: {} });
}

/** Ends a membership for good, after asking. */
export async function revokeMember(session: FleetSession, record: MemberRecord): Promise<void> {
  const { name, host } = record;
  const isSelf = name === session.identity.member;
  const whom = host === null ? name : say.agentOf(host);
  const answer = await vscode.window.showWarningMessage(
    isSelf ? say.revokeSelfQuestion(whom) : say.revokeQuestion(whom),
    { modal: true, detail: say.revokeDetail },
    say.revoke,
  );
  if (answer === say.revoke) await session.client.call("revokeMember", { params: { member: name } });
}
