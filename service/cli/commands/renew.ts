import { renewNow } from "../../../protocol/client/tendIdentity.ts";
import type { Register } from "../runCli.ts";

/** `hwledger renew` */
export const renewCommand: Register = (program, context, run) => {
  program
    .command("renew")
    .description("renew your certificate now; where it has run out, ask to come back and, once approved, do")
    .action(
      run(async () => {
        const { member, role, notAfterMs } = await renewNow(
          context.identity(),
          context.terminal.now(),
          (kept) => context.keep(kept),
        );
        await context.show(
          { member, role, notAfterMs },
          `The membership of ${member} (${role}) is good until ${new Date(notAfterMs).toISOString().slice(0, 10)}.`,
        );
        return undefined;
      }),
    );
};
