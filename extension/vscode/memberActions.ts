import type { UserRole } from "../../protocol/ids.ts";
import type { MemberRecord } from "../../protocol/member.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { words } from "../core/words/words.ts";
import { warn } from "./notices.ts";
import { problemIn } from "./showProblem.ts";

const say = words.members;

/** Gives a member another role. Asks first where that is one's own and less than admin. */
export async function changeRole(session: FleetSession, member: string, role: UserRole): Promise<void> {
  if (member === session.identity.member && role !== "admin") {
    const options = { modal: true, detail: say.changeOwnDetail };
    const answer = await warn(say.changeOwnQuestion(role), options, say.changeOwn);
    if (answer !== say.changeOwn) return;
  }
  try {
    await session.client.call("changeMember", { params: { member }, body: { role } });
  } catch (error) {
    if (member !== session.identity.member || !isCutOff(error) || (await ownRecord(session))?.role !== role)
      throw error;
  }
}

/**
 * Whether the answer was lost with its connection. The service cuts those of a member whose role or membership changes, also
 * when it was the member itself that changed it.
 */
function isCutOff(error: unknown): boolean {
  return problemIn(error).code === "service-unreachable";
}

async function ownRecord({ client, identity }: FleetSession): Promise<MemberRecord | undefined> {
  const { members } = await client.call("listMembers");
  return members.find(({ name }) => name === identity.member);
}

/** Makes the fleet's next certificate authority, after asking. */
export async function rotateCa({ client }: FleetSession): Promise<void> {
  const options = { modal: true, detail: say.rotateDetail };
  const answer = await warn(say.rotateQuestion, options, say.rotate);
  if (answer === say.rotate) await client.call("rotateCa", { body: {} });
}

/** Ends a membership for good, after asking. */
export async function revokeMember(session: FleetSession, record: MemberRecord): Promise<void> {
  const { name, host } = record;
  const isSelf = name === session.identity.member;
  const whom = host === null ? name : say.agentOf(host);
  const answer = await warn(
    isSelf ? say.revokeSelfQuestion(whom) : say.revokeQuestion(whom),
    { modal: true, detail: say.revokeDetail },
    say.revoke,
  );
  if (answer !== say.revoke) return;
  try {
    await session.client.call("revokeMember", { params: { member: name } });
  } catch (error) {
    if (!isSelf || !isCutOff(error) || !(await isTurnedAway(session))) throw error;
  }
}

async function isTurnedAway(session: FleetSession): Promise<boolean> {
  try {
    return (await ownRecord(session))?.revokedAtMs !== null;
  } catch (error) {
    return problemIn(error).code === "certificate-refused";
  }
}
