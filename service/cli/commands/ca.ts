import type { CaBundle } from "../../../protocol/ca.ts";
import type { MemberRecord } from "../../../protocol/member.ts";
import { authoritiesText } from "../render/caText.ts";
import type { Register } from "../runCli.ts";

/** `hwledger ca show`, `hwledger ca rotate` */
export const caCommands: Register = (program, context, run) => {
  const ca = program.command("ca").description("the fleet's certificate authority and its rotation");
  const show = async (bundle: CaBundle, heading = ""): Promise<void> => {
    const { members } = await context.client().call("listMembers");
    const present = members.filter(({ revokedAtMs }: MemberRecord) => revokedAtMs === null);
    const text = authoritiesText(bundle, present, context.terminal.now(), context.out);
    await context.show({ ...bundle, members: present }, `${heading}${text}`);
  };
  ca.command("show")
    .description("how far a rotation is, and which member trusts and holds what")
    .action(
      run(async () => {
        await show(await context.client().call("getCaBundle"));
        return undefined;
      }),
    );
  ca.command("rotate")
    .description("make the next authority; it signs once the members know it")
    .option("--now", "let it sign at once, without waiting for those who are awake to fetch it")
    .option("--force", "also where that cuts off members who know none of the last four")
    .action(
      run(async ({ now = false, force = false }: { now?: boolean; force?: boolean }) => {
        const bundle = await context
          .client()
          .call("rotateCa", { body: { sign: now ? "now" : "when-known", force } });
        const done = now ? "signs from now on" : "was made; members fetch it from now on";
        await show(bundle, `The next certificate authority ${done}.\n\n`);
        return undefined;
      }),
    );
};
