import { InvalidArgumentError } from "commander";
import { formatDuration } from "../../../protocol/duration.ts";
import { roles, type Role } from "../../../protocol/ids.ts";
import { durationUpTo } from "../options.ts";
import type { Register } from "../runCli.ts";

function roleOption(text: string): Role {
  const role = roles.find((one) => one === text);
  if (!role) throw new InvalidArgumentError(`The roles are ${roles.join(", ")}.`);
  return role;
}

/** `hwledger token create` */
export const tokenCommands: Register = (program, context, run) => {
  const token = program.command("token").description("join links for further members");
  token
    .command("create")
    .description("make a join link: one use, 15 minutes unless --ttl says otherwise")
    .requiredOption("--role <role>", `what the new member may do: ${roles.join(", ")}`, roleOption)
    .option("--ttl <duration>", "how long it can be used, at most 24h", durationUpTo("24h"))
    .action(
      run(async (options: { role: Role; ttl?: number }) => {
        const body = { role: options.role, ...(options.ttl === undefined ? {} : { ttlMs: options.ttl }) };
        const made = await context.client().call("createToken", { body });
        const left = formatDuration(made.expiresAtMs - context.terminal.now());
        await context.show(
          made,
          `Join link for one ${made.role}, valid ${left}. Who has it can join: send it privately.\n\n  ${made.link}\n\nIn a terminal: hwledger join '${made.link}'\nIn VS Code: command "hwLedger: Join a Fleet", or open ${made.editorLink}`,
        );
        return undefined;
      }),
    );
};
