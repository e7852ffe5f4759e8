import { existsSync, readFileSync, rmSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { isJoinOver } from "../../../protocol/client/isJoinOver.ts";
import { joinFleet } from "../../../protocol/client/joinFleet.ts";
import {
  makeCertificateRequest,
  type CertificateRequest,
} from "../../../protocol/client/makeCertificateRequest.ts";
import { memberNameSchema } from "../../../protocol/ids.ts";
import { parseJoinLink } from "../../../protocol/joinLink.ts";
import { Refusal } from "../../../protocol/problem.ts";
import { homeLayout } from "../../homeLayout.ts";
import { writePrivateFile } from "../../pki/writePrivateFile.ts";
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
  const { token } = parseJoinLink(link);
  const { identityFile, directory } = homeLayout(context.home);
  const kept = readMembership(identityFile);
  // The token is bound to the key at its first use: a second try, also by hand, must come with the same key.
  const pending = join(directory, "joining.json");
  const request = readRequest(pending, token) ?? (await makeCertificateRequest(name));
  writePrivateFile(pending, JSON.stringify({ token, ...request }));
  const only = kept ? { fleetId: kept.fleetId, known: [kept] } : {};
  const attempt = () => joinFleet(link, { name, request, ...only });
  const again = (error: unknown) => {
    if (error instanceof Refusal && error.code === "service-unreachable") return attempt();
    throw error;
  };
  const identity = await attempt()
    .catch(again)
    .catch((error: unknown) => {
      if (isJoinOver(error)) rmSync(pending, { force: true });
      if (error instanceof Refusal && error.code === "already-joined" && kept)
        throw new Refusal("already-joined", { home: directory, fleet: `the fleet at ${kept.url}` });
      throw error;
    });
  writePrivateFile(identityFile, JSON.stringify(identity));
  rmSync(pending, { force: true });
  return identity;
}

/** The certificate request of an earlier try with this token, whose answer may have been lost. */
function readRequest(file: string, token: string): CertificateRequest | null {
  if (!existsSync(file)) return null;
  const kept = pendingSchema.safeParse(parsed(readFileSync(file, "utf8")));
  return kept.success && kept.data.token === token ? kept.data : null;
}

/** What JSON text says; null where it says nothing, as after a write that was cut off. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const pendingSchema = z.object({ token: z.string(), keyPem: z.string(), csrPem: z.string() });

function defaultName(): string {
  return `${userInfo().username}-${hostname().split(".", 1)[0] ?? ""}`
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 60);
}
