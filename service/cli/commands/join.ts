import { hostname, userInfo } from "node:os";
import { joinFleet } from "../../../protocol/client/joinFleet.ts";
import { makeCertificateRequest } from "../../../protocol/client/makeCertificateRequest.ts";
import { memberNameSchema } from "../../../protocol/ids.ts";
import { parseJoinLink } from "../../../protocol/joinLink.ts";
import { Refusal } from "../../../protocol/problem.ts";
import { homeLayout } from "../../homeLayout.ts";
import { readIdentity } from "../../ownerIdentity.ts";
import { writePrivateFile } from "../../pki/fleetKeys.ts";
import type { Context } from "../context.ts";
import type { Register } from "../runCli.ts";

/** `hwledger join LINK` */
export const joinCommand: Register = (program, context, run) => {
  program
    .command("join")
    .description("join a fleet by its link")
    .argument("<link>", "the whole link, hwledger://join?…")
    .option("--name <name>", "your name in the fleet (default: user and machine)")
    .action(
      run(async (link: string, options: { name?: string }) => {
        const identity = await join(context, link, options.name ?? defaultName());
        const { member, role, fleetId, url, caFingerprint, notAfterMs } = identity;
        await context.show(
          { member, role, fleetId, url, caFingerprint, notAfterMs },
          `You are ${member} (${role}) of the fleet at ${url}.\nNext: hwledger host ls`,
        );
        return undefined;
      }),
    );
};

async function join(context: Context, link: string, name: string) {
  if (!memberNameSchema.safeParse(name).success)
    throw new Refusal("usage", {
      reason: `${name} is no name for a member: letters, digits, '.', '_' and '-'.`,
    });
  const { caFingerprint } = parseJoinLink(link);
  const { identityFile, directory } = homeLayout(context.home);
  const kept = readIdentity(identityFile);
  if (kept && kept.caFingerprint !== caFingerprint)
    throw new Refusal("already-joined", { home: directory, fleet: `the fleet at ${kept.url}` });
  // The same key is used for a second try: a lost answer then costs nothing.
  const request = await makeCertificateRequest(name);
  const attempt = () => joinFleet(link, { name, request });
  const identity = await attempt().catch((error: unknown) => {
    if (error instanceof Refusal && error.code === "service-unreachable") return attempt();
    throw error;
  });
  writePrivateFile(identityFile, JSON.stringify(identity));
  return identity;
}

function defaultName(): string {
  return `${userInfo().username}-${hostname().split(".", 1)[0] ?? ""}`
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 60);
}
