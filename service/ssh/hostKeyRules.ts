import { readFile } from "node:fs/promises";
import type { HostId } from "../../protocol/ids.ts";
import type { AcceptedKeys } from "./acceptedKeys.ts";
import type { AskPerson } from "./askPerson.ts";
import { decideHostKey, type HostKeyRules } from "./decideHostKey.ts";
import { readHostKeyBlob } from "./hostKeyBlob.ts";
import { knownHostNames, parseKnownHosts } from "./knownHosts.ts";
import type { LoginSecrets } from "./loginSecrets.ts";
import { addressOf } from "./reachProblem.ts";
import type { Refusal } from "../../protocol/problem.ts";
import type { SshSettings } from "./sshSettings.ts";

/** Whose key is to be checked. `hop`: the name under which a jump host's key is kept; null: the host itself. */
export interface KeyOwner {
  id: HostId;
  name: string;
  settings: SshSettings;
  pinned: string | null;
  hop: string | null;
}

export interface KeyMemory {
  accepted: AcceptedKeys;
  secrets: LoginSecrets;
}

/** Reads what is known of the host's key: record, earlier answers, known_hosts files. */
export async function hostKeyRules(owner: KeyOwner, { accepted, secrets }: KeyMemory): Promise<HostKeyRules> {
  const { settings } = owner;
  const files = [...settings.userKnownHostsFiles, ...settings.globalKnownHostsFiles];
  const lines = await Promise.all(
    files.map(async (file) => parseKnownHosts(await readFile(file, "utf8").catch(() => ""), file)),
  );
  const address = addressOf(settings);
  return {
    host: owner.name,
    address: owner.hop === null ? address : `jump host ${address}`,
    pinned: owner.pinned,
    accepted: owner.hop === null ? accepted.get(owner.id) : (secrets.jumpHostKeys.get(owner.hop) ?? null),
    lines: lines.flat(),
    names: knownHostNames(settings),
  };
}

/** How a key was judged. `other-type`: refused, but a key of another type may be the one vouched for. */
export type KeyJudgement =
  | { kind: "accepted"; fingerprint: string }
  | { kind: "refused"; refusal: Refusal }
  | { kind: "other-type"; refusal: Refusal; keyType: string };

/** Judges the key a host shows; asks a person where nothing vouches for it, and keeps a yes. */
export async function judgeHostKey(
  blob: Buffer,
  owner: KeyOwner,
  rules: HostKeyRules,
  ask: AskPerson,
  { accepted, secrets }: KeyMemory,
): Promise<KeyJudgement> {
  const key = readHostKeyBlob(blob);
  const { fingerprint } = key;
  const decision = decideHostKey(rules, key);
  switch (decision.kind) {
    case "accept":
      return { kind: "accepted", fingerprint };
    case "refuse":
      if (!decision.otherType) return { kind: "refused", refusal: decision.refusal };
      return { kind: "other-type", refusal: decision.refusal, keyType: key.type };
    case "ask": {
      const text = `${rules.host} (${rules.address}) shows the ${key.label} key ${fingerprint}, which nobody has vouched for.`;
      const answer = await ask({ kind: "host-key", text, secret: false, fingerprint });
      if (answer !== fingerprint) return { kind: "refused", refusal: decision.unknown };
      if (owner.hop === null) accepted.accept(owner.id, fingerprint);
      else secrets.jumpHostKeys.set(owner.hop, fingerprint);
      return { kind: "accepted", fingerprint };
    }
  }
}
