import { formatDuration } from "../../../protocol/duration.ts";
import type { Register } from "../runCli.ts";

/** `hwledger status` */
export const statusCommand: Register = (program, context, run) => {
  program
    .command("status")
    .description("show the fleet's service and who you are to it")
    .action(
      run(async () => {
        const status = await context.client().call("getStatus");
        const { out, terminal } = context;
        const facts: [string, string][] = [
          [
            "service",
            `${status.url} (version ${status.version}, up ${formatDuration(terminal.now() - status.startedAtMs)})`,
          ],
          ["fleet", status.fleetId],
          ["CA SHA-256", status.caFingerprint],
          ["you", `${status.member} (${status.role})`],
          ["hosts", String(status.hosts)],
          ["active jobs", String(status.activeJobs)],
          ["ledger", `${status.ledger.events} events, head ${status.ledger.head.slice(0, 16)}…`],
        ];
        await context.show(
          status,
          facts.map(([name, value]) => `${out.dim(name.padEnd(11))}  ${value}`).join("\n"),
        );
        return undefined;
      }),
    );
};
