import assert from "node:assert/strict";
import os from "node:os";
import type { HostId, PromptId } from "../../protocol/ids.ts";
import { Refusal, type Facts } from "../../protocol/problem.ts";
import type { ProblemCode } from "../../protocol/problemCatalog.ts";
import type { Prompt } from "../../protocol/prompt.ts";
import { createPrompts, type Prompts } from "../../service/prompts/createPrompts.ts";
import type { AcceptedKeys } from "../../service/ssh/acceptedKeys.ts";
import { createSshPool, type SshPool } from "../../service/ssh/createSshPool.ts";
import type { HostShell, ShellTarget } from "../../protocol/shells/hostShell.ts";
import { runTool } from "../../service/ssh/runTool.ts";
import type { SshTiming } from "../../service/ssh/sshTiming.ts";
import type { LabHost } from "../lab/labHost.ts";

/** A pool as the service has it, with a clean home (no keys, no agent) and an SSH configuration of the test's own. */
export interface PoolFixture {
  pool: SshPool;
  prompts: Prompts;
  accepted: AcceptedKeys & { keys: Map<HostId, string> };
  /** Attends, and answers each question in turn; `questions` are those asked. */
  answerWith: (answer: (prompt: Prompt) => string | null) => { questions: Prompt[]; stop: () => void };
}

export function aPool(options: {
  home: string;
  configFile: string;
  timing?: Partial<SshTiming>;
  env?: Record<string, string>;
}): PoolFixture {
  let ids = 0;
  const newId = () => `p-${(ids += 1).toString(16).padStart(16, "0")}` as PromptId;
  const prompts = createPrompts({ now: Date.now, newId, timeoutMs: 10_000 });
  const keys = new Map<HostId, string>();
  const accepted = {
    keys,
    get: (hostId: HostId) => keys.get(hostId) ?? null,
    accept: (hostId: HostId, fingerprint: string) => void keys.set(hostId, fingerprint),
  };
  const { PATH = "", ...rest } = { PATH: process.env["PATH"], ...options.env };
  const machine = {
    home: options.home,
    userName: os.userInfo().username,
    platform: process.platform,
    env: { PATH, ...rest },
  };
  const { configFile, timing = {} } = options;
  const pool = createSshPool({ runTool, machine, prompts, accepted, now: Date.now, timing, configFile });
  return { pool, prompts, accepted, answerWith: (answer) => answerPrompts(prompts, answer) };
}

function answerPrompts(prompts: Prompts, answer: (prompt: Prompt) => string | null) {
  const questions: Prompt[] = [];
  const leave = prompts.attend();
  const stopListening = prompts.onChange(() => {
    for (const prompt of prompts.list()) {
      if (questions.some((asked) => asked.id === prompt.id)) continue;
      questions.push(prompt);
      queueMicrotask(() => prompts.answer(prompt.id, answer(prompt)));
    }
  });
  const stop = () => {
    leave();
    stopListening();
  };
  return { questions, stop };
}

/** The record of a lab host, reached by its name in the configuration file. */
export function targetOf(host: Pick<LabHost, "name">, changes: Partial<SshConnection> = {}): ShellTarget {
  return {
    id: hostIdOf(host.name),
    name: host.name,
    connection: {
      kind: "ssh",
      alias: host.name,
      port: null,
      user: null,
      identityFile: null,
      hostKey: null,
      ...changes,
    },
  };
}
type SshConnection = Extract<ShellTarget["connection"], { kind: "ssh" }>;

function hostIdOf(name: string): HostId {
  return `h-${Buffer.from(name.padEnd(8)).toString("hex").slice(0, 16)}` as HostId;
}

/** Runs a script in a shell of its own and gives what it wrote. */
export async function runIn(shell: HostShell, script: string): Promise<{ out: string; code: number | null }> {
  shell.stdin.end(script);
  const chunks: Buffer[] = [];
  for await (const chunk of shell.stdout) chunks.push(chunk as Buffer);
  const { code } = await shell.exited;
  shell.close();
  return { out: Buffer.concat(chunks).toString(), code };
}

/** Asserts that the attempt is refused with that code, and gives the refusal's facts. */
export async function refusedWith(attempt: Promise<unknown>, code: ProblemCode): Promise<Facts> {
  const error = await attempt.then(
    () => assert.fail(`expected the refusal ${code}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code, error.message);
  return error.facts;
}

/** Settings of ssh_config for a lab host, with some of them replaced. */
export function configFor(alias: string, host: LabHost, changes: Record<string, string> = {}): string {
  const settings = {
    HostName: host.address,
    Port: String(host.port),
    User: host.user,
    IdentityFile: `"${host.identityFile}"`,
    IdentitiesOnly: "yes",
    UserKnownHostsFile: `"${host.knownHostsFile}"`,
    GlobalKnownHostsFile: "/dev/null",
    ...changes,
  };
  return [`Host ${alias}`, ...Object.entries(settings).map(([key, value]) => `  ${key} ${value}`), ""].join(
    "\n",
  );
}
