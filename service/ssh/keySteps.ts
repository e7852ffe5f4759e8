import { access } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import { Refusal } from "../../protocol/problem.ts";
import { askOnce, type AuthNeeds, type AuthState, type AuthStep } from "./authState.ts";
import {
  createKeyRing,
  readAgentKeys,
  ringKeyOfFile,
  sameKey,
  unlockKey,
  type RingKey,
  type UnlockNeeds,
} from "./createKeyRing.ts";
import { readKeyFile, type KeyFile } from "./readKeyFile.ts";
import type { SshSettings } from "./sshSettings.ts";

/**
 * The login by keys: the file that the record names, the agent's keys, the other files. Encrypted files that hide
 * their public half come last, for they ask before they can offer anything.
 */
export async function keySteps(needs: AuthNeeds, state: AuthState): Promise<AuthStep[]> {
  const { settings } = needs;
  const username = settings.user;
  const files = await readKeyFiles(needs);
  state.beyond = await beyondSsh2(files);
  const unlock = (file: string): UnlockNeeds => ({
    ask: askOnce(needs.ask, state, `the passphrase of ${file}`),
    secrets: needs.secrets,
    onWrong: () => void state.tried.push(`key ${file} (wrong passphrase)`),
  });
  const ring = await gatherRing(settings, files, unlock);
  const ringStep: AuthStep = {
    type: "publickey",
    make() {
      if (ring.length === 0) return Promise.resolve(null);
      state.tried.push(...describeRing(ring));
      return Promise.resolve({
        type: "agent",
        username,
        agent: createKeyRing(ring, () => (state.keySigned = true)),
      });
    },
  };
  const lockedSteps = files.flatMap(([file, content]): AuthStep[] => {
    if (content.kind !== "locked" || content.publicKey !== null) return [];
    const make: AuthStep["make"] = async () => {
      const key = await unlockKey(file, content, unlock(file));
      if (key === null) return null;
      state.tried.push(`key ${file}`);
      return { type: "publickey", username, key };
    };
    return [{ type: "publickey", make }];
  });
  return [ringStep, ...lockedSteps];
}

/** What of the key files ssh2 cannot use, as a last resort after all that it can. */
async function beyondSsh2(files: [string, KeyFile][]): Promise<string | null> {
  if (files.some(([, content]) => content.kind === "hardware")) return "security keys (sk-…)";
  const there = files.filter(([, content]) => content.kind !== "missing").map(([file]) => `${file}-cert.pub`);
  const found = await Promise.all(
    there.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true) ? "login certificates" : null;
}

async function gatherRing(
  settings: SshSettings,
  files: [string, KeyFile][],
  unlock: (file: string) => UnlockNeeds,
): Promise<RingKey[]> {
  const fromFiles = files.flatMap(([file, content]) => ringKeyOfFile(file, content, unlock(file)) ?? []);
  const fromAgent = await agentKeys(settings, files);
  const named = fromFiles.filter((key) => key.origin === settings.namedIdentityFile);
  return withoutDuplicates(preferAgent([...named, ...fromAgent, ...fromFiles], fromAgent));
}

async function readKeyFiles({ host, settings }: AuthNeeds): Promise<[string, KeyFile][]> {
  const named = settings.namedIdentityFile;
  const names = [...new Set([...(named === null ? [] : [named]), ...settings.identityFiles])];
  const files = await Promise.all(
    names.map(async (file): Promise<[string, KeyFile]> => [file, await readKeyFile(file)]),
  );
  for (const [file, content] of files) {
    if (file !== named) continue;
    if (content.kind === "missing")
      throw new Refusal("identity-unusable", { host, file, reason: "it is not there" });
    if (content.kind === "unusable")
      throw new Refusal("identity-unusable", { host, file, reason: content.reason });
  }
  return files;
}

async function agentKeys(settings: SshSettings, files: [string, KeyFile][]): Promise<RingKey[]> {
  if (settings.identityAgent === null) return [];
  const keys = await readAgentKeys(settings.identityAgent);
  const configured = files.flatMap(([, content]) => publicHalf(content) ?? []);
  const isConfigured = (key: RingKey): boolean => configured.some((one) => sameKey(one, key.publicKey));
  const rest = settings.identitiesOnly ? [] : keys.filter((key) => !isConfigured(key));
  return [...keys.filter(isConfigured), ...rest];
}

function publicHalf(content: KeyFile): ParsedKey | null {
  if (content.kind === "open") return content.key;
  return content.kind === "public" || content.kind === "locked" ? content.publicKey : null;
}

/** Where the agent holds a file's key too, the agent signs: it needs no passphrase. */
function preferAgent(ring: readonly RingKey[], fromAgent: readonly RingKey[]): RingKey[] {
  return ring.map((key) => fromAgent.find((held) => sameKey(held.publicKey, key.publicKey)) ?? key);
}

function withoutDuplicates(ring: readonly RingKey[]): RingKey[] {
  return ring.filter(
    (key, index) => ring.findIndex((one) => sameKey(one.publicKey, key.publicKey)) === index,
  );
}

function describeRing(ring: readonly RingKey[]): string[] {
  const held = ring.filter((key) => key.origin === "agent").length;
  const files = ring.filter((key) => key.origin !== "agent").map((key) => `key ${key.origin}`);
  return held === 0 ? files : [`agent (${held} ${held === 1 ? "key" : "keys"})`, ...files];
}
