import { tmpdir, userInfo } from "node:os";
import type { HostId, PromptId } from "../../protocol/ids.ts";
import { createPrompts } from "../../service/prompts/createPrompts.ts";
import { createSshPool, type SshPool } from "../../service/ssh/createSshPool.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import { runTool } from "../../service/ssh/runTool.ts";
import type { LabHost } from "../lab/labHost.ts";
import { alternate, type RoundLimits } from "./alternate.ts";
import type { Counterpart, Figure } from "./benchReport.ts";
import { ratiosOf, ratioTarget } from "./compare.ts";
import type { SshMaster } from "./sshMaster.ts";
import { summarize } from "./summary.ts";
import { timedRun } from "./timedRun.ts";

const names = { ours: "hwledger's SSH pool", master: "ssh, ControlMaster" };

/** One command on a connection that is held already, from the call to its exit status. */
export async function execFigure(
  needs: { host: LabHost; master: SshMaster },
  limits: RoundLimits,
): Promise<Figure> {
  const pool = newPool();
  try {
    const target = targetOf(needs.host);
    const timesMs = await alternate(
      [
        { name: names.ours, run: () => timedShell(pool, target) },
        {
          name: names.master,
          run: async () => (await timedRun({ argv: ["ssh", ...needs.master.args("true")] })).endMs,
        },
      ],
      limits,
    );
    const ours = { name: names.ours, ...summarize(timesMs.get(names.ours) ?? []) };
    const counterparts: Counterpart[] = [
      { kind: "measured", name: names.master, ...summarize(timesMs.get(names.master) ?? []) },
    ];
    const ratios = ratiosOf(ours, counterparts);
    const targets = [ratioTarget(ratios, { to: names.master, of: "p50", op: "at most", limit: 0.5 })];
    const title = "Exec on a held connection: from the call to the exit status";
    return { id: "held-exec", title, ours: [ours], counterparts, ratios, targets };
  } finally {
    pool.close();
  }
}

async function timedShell(pool: SshPool, target: ShellTarget): Promise<number> {
  const startMs = performance.now();
  const shell = await pool.openShell(target);
  shell.stdout.resume();
  shell.stderr.resume();
  shell.stdin.end("exit 0\n");
  const { code } = await shell.exited;
  const tookMs = performance.now() - startMs;
  shell.close();
  if (code !== 0) throw new Error(`the shell ended with ${String(code)}`);
  return tookMs;
}

function newPool(): SshPool {
  const prompts = createPrompts({ now: Date.now, newId: () => "p-0000000000000001" as PromptId });
  const accepted = { get: () => null, accept: () => undefined };
  const machine = {
    home: tmpdir(),
    userName: userInfo().username,
    platform: process.platform,
    env: { PATH: process.env["PATH"] },
  };
  return createSshPool({ runTool, machine, prompts, accepted, now: Date.now, configFile: "/dev/null" });
}

function targetOf(host: LabHost): ShellTarget {
  const { name, address: alias, port, user, identityFile, hostKeyFingerprint: hostKey } = host;
  return {
    id: "h-0000000000000001" as HostId,
    name,
    connection: { kind: "ssh", alias, port, user, identityFile, hostKey },
  };
}
