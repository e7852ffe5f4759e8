import { InvalidArgumentError } from "commander";
import { userRoles, type UserRole } from "../../../protocol/ids.ts";
import { membersText } from "../render/memberText.ts";
import type { Register } from "../runCli.ts";

/** A role that a person may have. */
export function userRoleOption(text: string): UserRole {
  const role = userRoles.find((one) => one === text);
  if (!role) throw new InvalidArgumentError(`The roles are ${userRoles.join(", ")}.`);
  return role;
}

/** `hwledger user ls`, `hwledger user role`, `hwledger user revoke` */
export const userCommands: Register = (program, context, run) => {
  const user = program.command("user").description("who belongs to the fleet, and what they may do");
  user
    .command("ls")
    .description("list the members, agents too")
    .option("-a, --all", "also those whose membership has ended")
    .action(
      run(async ({ all = false }: { all?: boolean }) => {
        const answer = await context.client().call("listMembers");
        const members = answer.members.filter(({ revokedAtMs }) => all || revokedAtMs === null);
        await context.show(members, membersText(members, context.terminal.now(), context.out));
        return undefined;
      }),
    );
  user
    .command("role")
    .description("give a member another role; it holds at once")
    .argument("<name>", "the member, as `hwledger user ls` names it")
    .argument("<role>", userRoles.join(", "), userRoleOption)
    .action(
      run(async (member: string, role: UserRole) => {
        const changed = await context.client().call("changeMember", { params: { member }, body: { role } });
        await context.show(changed, `${changed.name} is ${changed.role} now.`);
        return undefined;
      }),
    );
  user
    .command("approve")
    .description("let a member back in that asks for it, because its certificate has run out")
    .argument("<name>", "the member, as `hwledger user ls` names it")
    .argument("<code>", "what `hwledger renew` says on the member's machine; ask its owner for it")
    .action(
      run(async (member: string, code: string) => {
        const body = { code: code.toLowerCase() };
        const approved = await context.client().call("approveMember", { params: { member }, body });
        await context.show(approved, `${approved.name} may come back: \`hwledger renew\` there does it.`);
        return undefined;
      }),
    );
  user
    .command("revoke")
    .description("end a membership for good; open connections are cut at once")
    .argument("<name>", "the member, as `hwledger user ls` names it")
    .action(
      run(async (member: string) => {
        const revoked = await context.client().call("revokeMember", { params: { member } });
        await context.show(
          revoked,
          `${revoked.name} is no longer a member: all certificates of that name are refused from now on.`,
        );
        return undefined;
      }),
    );
};
