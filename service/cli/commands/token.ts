import { formatDuration } from "../../../protocol/duration.ts";
import { userRoles, type UserRole } from "../../../protocol/ids.ts";
import { Refusal } from "../../../protocol/problem.ts";
import { durationUpTo, hostOption } from "../options.ts";
import { tokensText } from "../render/memberText.ts";
import type { Register } from "../runCli.ts";
import { userRoleOption } from "./user.ts";

interface CreateOptions {
  role?: UserRole;
  agent?: string;
  member?: string;
  ttl?: number;
}

/** `hwledger token create`, `hwledger token ls`, `hwledger token revoke` */
export const tokenCommands: Register = (program, context, run) => {
  const token = program.command("token").description("join links for further members");
  token
    .command("create")
    .description("make a join link: one use, 15 minutes unless --ttl says otherwise")
    .option("--role <role>", `for a new member; what it may do: ${userRoles.join(", ")}`, userRoleOption)
    .option("--agent <host>", "for the agent of this host, by its name or id", hostOption)
    .option("--member <name>", "for a member whose certificate has run out; name and role stay")
    .option("--ttl <duration>", "how long it can be used, at most 24h", durationUpTo("24h"))
    .action(
      run(async (options: CreateOptions) => {
        const body = { ...purposeOf(options), ...(options.ttl === undefined ? {} : { ttlMs: options.ttl }) };
        const made = await context.client().call("createToken", { body });
        const left = formatDuration(made.expiresAtMs - context.terminal.now());
        await context.show(
          made,
          `Join link for ${whom(options)}, valid ${left}. Who has it can join: send it privately.\n\n  ${made.link}\n\nIn a terminal: hwledger join '${made.link}'\nIn VS Code: command "hwLedger: Join a Fleet", or open ${made.editorLink}\nTo withdraw it: hwledger token revoke ${made.id}`,
        );
        return undefined;
      }),
    );
  token
    .command("ls")
    .description("list the newest join links and what became of them")
    .action(
      run(async () => {
        const { tokens } = await context.client().call("listTokens");
        await context.show(tokens, tokensText(tokens, context.terminal.now()));
        return undefined;
      }),
    );
  token
    .command("revoke")
    .description("withdraw a join link that nobody has used yet")
    .argument("<id>", "the link's id, as `hwledger token ls` names it")
    .action(
      run(async (id: string) => {
        const revoked = await context.client().call("revokeToken", { params: { token: id } });
        await context.show(revoked, `The link ${revoked.id} lets nobody in any more.`);
        return undefined;
      }),
    );
};

function purposeOf({ role, agent, member }: CreateOptions) {
  if ([role, agent, member].filter((one) => one !== undefined).length !== 1)
    throw new Refusal("usage", { reason: "Say whom the link is for: one of --role, --agent and --member." });
  if (agent !== undefined) return { role: "agent" as const, host: agent };
  if (member !== undefined) return { member };
  return { role: role ?? ("viewer" as const) };
}

function whom({ role, agent, member }: CreateOptions): string {
  if (agent !== undefined) return `the agent of ${agent}`;
  return member === undefined ? `one ${role ?? ""}` : `${member} to come back`;
}
