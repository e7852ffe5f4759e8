import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { ESLint } from "eslint";

/** A file of each room, and lines that it must not hold. They are linted in that file's place. */
const refused: Record<string, readonly string[]> = {
  "protocol/metric.ts": [
    'import "./client/pinnedTls.ts"',
    'import type { Store } from "../service/store/openStore.ts"',
    'import "../extension/core/commandIds.ts"',
    'import "node:fs"',
    'import "vscode"',
    "export const a = Date.now()",
    "export const a = new Date()",
    "export const a = Date()",
    "export const a = Math.random()",
    "export const a = performance.now()",
    "setTimeout(() => {}, 1)",
    "export const a = process.pid",
    "export const a = globalThis",
  ],
  "protocol/client/pinnedTls.ts": [
    'import "../../service/main.ts"',
    'import "vscode"',
    "export const a = { rejectUnauthorized: false }",
  ],
  "service/domain/decideJob.ts": [
    'import type { Store } from "../store/openStore.ts"',
    'import type { Jobs } from "../dispatch/jobs.ts"',
    'import "../newId.ts"',
    'import type { Identity } from "../../protocol/client/identity.ts"',
    'import "node:crypto"',
    "export const a = Date.now()",
    "export const a = new Date()",
    "export const a = Math.random()",
    "setTimeout(() => {}, 1)",
    "export const a = process.pid",
  ],
  "service/store/openStore.ts": [
    'import { createLedger } from "../ledger/createLedger.ts"',
    'import { createFleet } from "../fleet/createFleet.ts"',
    'import { createDispatcher } from "../dispatch/createDispatcher.ts"',
    'import "fastify"',
  ],
  "service/ledger/createLedger.ts": [
    'import { openStore } from "../store/openStore.ts"',
    'import type { Fleet } from "../fleet/createFleet.ts"',
    'import "better-sqlite3"',
  ],
  "service/pki/x509.ts": [
    'import { createMembersTable } from "../store/membersTable.ts"',
    'import type { Fleet } from "../fleet/createFleet.ts"',
    'import "../../protocol/client/identity.ts"',
  ],
  "protocol/shells/hostPoller.ts": [
    'import "../client/pinnedTls.ts"',
    'import "../../service/main.ts"',
    'import "ssh2"',
  ],
  "agent/runAgent.ts": [
    'import { createHostShells } from "../service/ssh/createHostShells.ts"',
    'import "ssh2"',
    'import "vscode"',
  ],
  "service/agents/createAgents.ts": [
    'import { createSshPool } from "../ssh/createSshPool.ts"',
    'import type { Fleet } from "../fleet/createFleet.ts"',
    'import "../../protocol/client/pinnedTls.ts"',
    'import "fastify"',
  ],
  "service/ssh/hostLink.ts": [
    'import { createPrompts } from "../prompts/createPrompts.ts"',
    'import type { HostsTable } from "../store/hostsTable.ts"',
  ],
  "service/metrics/createMetricsHistory.ts": [
    'import { createFleet } from "../fleet/createFleet.ts"',
    'import type { Store } from "../store/openStore.ts"',
  ],
  "service/prompts/createPrompts.ts": ['import type { SshPool } from "../ssh/createSshPool.ts"'],
  "service/probe/probeOnce.ts": [
    'import { createSshPool } from "../ssh/createSshPool.ts"',
    'import type { SshPool } from "../ssh/createSshPool.ts"',
    'import type { Fleet } from "../fleet/createFleet.ts"',
    'import "ssh2"',
  ],
  "service/dispatch/jobTask.ts": [
    'import { createJobs } from "../store/createJobs.ts"',
    'import type { SshPool } from "../ssh/createSshPool.ts"',
    'import type { Fleet } from "../fleet/createFleet.ts"',
  ],
  "service/fleet/createChanges.ts": [
    'import { openStore } from "../store/openStore.ts"',
    'import type { Prober } from "../probe/createProber.ts"',
    'import type { Dispatcher } from "../dispatch/createDispatcher.ts"',
  ],
  "service/http/limitBody.ts": [
    'import { openStore } from "../store/openStore.ts"',
    'import { createDispatcher } from "../dispatch/createDispatcher.ts"',
    'import type { SshPool } from "../ssh/createSshPool.ts"',
    'import type { Context } from "../cli/context.ts"',
    'import "../main.ts"',
  ],
  "service/http/stream/topics.ts": [
    'import { createFleet } from "../../fleet/createFleet.ts"',
    'import type { Context } from "../../cli/context.ts"',
    'import "../../main.ts"',
  ],
  "service/backup/checkFleet.ts": [
    'import { startService } from "../main.ts"',
    'import { signCertificate } from "../pki/x509.ts"',
    'import { createLedger } from "../ledger/createLedger.ts"',
    'import type { Context } from "../cli/context.ts"',
    'import "better-sqlite3"',
  ],
  "service/cli/context.ts": ['import { openStore } from "../store/openStore.ts"', 'import "fastify"'],
  "service/cli/commands/host.ts": [
    'import { openStore } from "../../store/openStore.ts"',
    'import { createApp } from "../../http/createApp.ts"',
    'import "vscode"',
  ],
  "service/main.ts": ['import "vscode"', 'import "better-sqlite3"'],
  "extension/core/commandIds.ts": ['import "vscode"', 'import "../../service/main.ts"'],
  "extension/vscode/activate.ts": [
    'import "../../service/main.ts"',
    'import "ssh2"',
    'export const a = "Remove Host"',
    'export const a = "Reconnect"',
    'export const a = "no GPU known to be free"',
    "export const a = (name: string) => `Connecting to ${name}`",
    "export const a = (name: string) => `${name} had variables of its own`",
    "export const a = { rejectUnauthorized: false }",
  ],
};

describe("rooms", function () {
  this.timeout(120_000);
  const eslint = new ESLint();
  const ruleIds = /^(@typescript-eslint\/)?no-restricted-/;

  it("are all bounded, those of the service by a row in eslint.config.js", () => {
    const folders = readdirSync("service", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const open = folders.filter(({ name }) =>
      Object.keys(refused).every((path) => !path.startsWith(`service/${name}/`)),
    );
    assert.deepEqual(
      open.map(({ name }) => name),
      [],
    );
  });

  for (const [filePath, lines] of Object.entries(refused))
    it(`refuses in ${filePath} what that room must not know, and says what to do instead`, async () => {
      const [result] = await eslint.lintText(lines.join("\n"), { filePath });
      const told = result!.messages.filter(({ ruleId }) => ruleIds.test(ruleId ?? ""));
      for (const [at, line] of lines.entries()) {
        const message = told.find((one) => one.line === at + 1);
        assert.ok(message, `${filePath} may hold: ${line}`);
        assert.match(message.message, /: |only|Only/i, line);
      }
    });
});
