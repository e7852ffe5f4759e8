import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { joinKept } from "../../../protocol/client/joinKept.ts";
import { memberNameSchema } from "../../../protocol/ids.ts";
import { parseJoinLink } from "../../../protocol/joinLink.ts";
import { Refusal } from "../../../protocol/problem.ts";
import { homeLayout } from "../../homeLayout.ts";
import { writePrivateFile } from "../../../protocol/client/writePrivateFile.ts";
import type { Context } from "../context.ts";
import { readMembership } from "../readMembership.ts";
import type { Register } from "../runCli.ts";

/** `hwledger join [LINK]` */
export const joinCommand: Register = (program, context, run) => {
  program
    .command("join")
    .description("join a fleet by its link")
    .argument(
      "[link]",
      "the whole link, hwledger://join?…; left out, it is read from the standard input, where other accounts of this machine do not see it",
    )
    .option("--name <name>", "your name in the fleet (default: user and machine)")
    .action(
      run(async (given: string | undefined, options: { name?: string }) => {
        const link = given ?? (await readLink(context));
        const identity = await joinAndKeep(context, link, options.name ?? defaultName());
        const { member, role, fleetId, url, caFingerprint, notAfterMs } = identity;
        await context.show(
          { member, role, fleetId, url, caFingerprint, notAfterMs },
          `You are ${member} (${role}) of the fleet at ${url}.\nNext: hwledger host ls`,
        );
        return undefined;
      }),
    );
};

/** The first line of the standard input; asked for where a person sits there. */
async function readLink({ terminal }: Context): Promise<string> {
  const { stdin, stderr } = terminal;
  if (stdin.isTTY === true) stderr.write("Join link: ");
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) if (line.trim() !== "") return line.trim();
  } finally {
    lines.close();
  }
  throw new Refusal("usage", {
    reason: "Name the link, or write it to the standard input: hwledger join < link.txt.",
  });
}

async function joinAndKeep(context: Context, link: string, name: string) {
  if (!memberNameSchema.safeParse(name).success)
    throw new Refusal("usage", {
      reason: `${name} is no name for a member: letters, digits, '.', '_' and '-'.`,
    });
  parseJoinLink(link); // before a folder is made for it
  const { identityFile, directory } = homeLayout(context.home);
  const kept = readMembership(identityFile);
  try {
    return await joinKept(link, {
      // The token is bound to the key at its first use: a second try, also by hand, must come with the same key.
      pendingFile: join(directory, "joining.json"),
      name,
      as: "user",
      kept,
      keep: (identity) => writePrivateFile(identityFile, JSON.stringify(identity)),
    });
  } catch (error) {
    if (error instanceof Refusal && error.code === "already-joined" && kept)
      throw new Refusal("already-joined", { home: directory, fleet: `the fleet at ${kept.url}` });
    throw error;
  }
}

function defaultName(): string {
  return `${userInfo().username}-${hostname().split(".", 1)[0] ?? ""}`
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 60);
}
