import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";

/** Each third-party library has one owner folder (and the composition root beside it where it must name a type). */
const owners: Record<string, RegExp> = {
  fastify: /^service\/(http\/|composeService\.ts$)/,
  "@fastify/websocket": /^service\/http\//,
  "@fastify/rate-limit": /^service\/http\//,
  "better-sqlite3": /^service\/store\//,
  "node-forge": /^(service\/pki|protocol\/client)\//,
  ssh2: /^service\/ssh\//,
  sshpk: /^service\/ssh\//,
  "ssh-config": /^service\/ssh\//,
  vscode: /^extension\/vscode\//,
  shlex: /^extension\/core\//,
  commander: /^service\/cli\//,
  canonicalize: /^protocol\/ledger\//,
  "tar-stream": /^(protocol\/client|service\/backup)\//,
  uplot: /^extension\/webview\//,
  uqr: /^extension\/core\//,
  pino: /^service\/main\.ts$/,
  "rotating-file-stream": /^service\/openServiceLog\.ts$/,
};

function sources(): string[] {
  return ["protocol", "service", "extension"].flatMap((room) =>
    readdirSync(room, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

function importsOf(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^(?:import|export)\b[^;]*?from "([^".][^"]*)"/gm)].map(
    ([, name = ""]) => name,
  );
}

describe("libraries", () => {
  it("are imported by their owners only", () => {
    const strays = sources().flatMap((path) =>
      importsOf(path)
        .filter((name) => owners[name] && !owners[name].test(path))
        .map((name) => `${path} imports ${name}`),
    );
    assert.deepEqual(strays, []);
  });

  it("are all listed here or are zod, ws or Node's own", () => {
    const known = new Set([...Object.keys(owners), "zod", "ws"]);
    const unknown = sources().flatMap((path) =>
      importsOf(path).filter((name) => !name.startsWith("node:") && !known.has(name)),
    );
    assert.deepEqual([...new Set(unknown)], []);
  });

  it("have owners that still use them", () => {
    const used = new Set(sources().flatMap(importsOf));
    assert.deepEqual(
      Object.keys(owners).filter((name) => !used.has(name)),
      [],
    );
  });
});
