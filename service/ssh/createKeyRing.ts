import type { BaseAgent, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2";
import ssh2 from "ssh2";
import type { AskPerson } from "./askPerson.ts";
import type { LoginSecrets } from "./loginSecrets.ts";
import type { KeyFile } from "./readKeyFile.ts";

/** One key to offer: its public half at once, its signature only when the host said it would accept the key. */
export interface RingKey {
  publicKey: ParsedKey;
  /** For people: where it comes from. */
  origin: string;
  sign(data: Buffer, options: SigningRequestOptions): Promise<Buffer>;
}

/**
 * Keys of files and agent as one agent towards ssh2, so that passphrases are asked for only where they are needed.
 * `onSigned` is told when the host took a key and got its signature.
 */
export function createKeyRing(keys: readonly RingKey[], onSigned: () => void): BaseAgent {
  return new KeyRing(keys, onSigned);
}

class KeyRing extends ssh2.BaseAgent<ParsedKey> {
  readonly #keys: readonly RingKey[];
  readonly #onSigned: () => void;

  constructor(keys: readonly RingKey[], onSigned: () => void) {
    super();
    this.#keys = keys;
    this.#onSigned = onSigned;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(
      undefined,
      this.#keys.map((key) => key.publicKey),
    );
  }

  override sign(
    publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const [hints, done] = typeof options === "function" ? [{}, options] : [options, callback];
    const key = this.#keys.find((one) => sameKey(one.publicKey, publicKey));
    const signature = key?.sign(data, hints) ?? Promise.reject(new Error("no such key"));
    signature.then(
      (signed) => {
        this.#onSigned();
        done?.(undefined, signed);
      },
      (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

/** The keys that an agent holds; none when it does not answer. */
export async function readAgentKeys(socketPath: string): Promise<RingKey[]> {
  const agent = ssh2.createAgent(socketPath);
  const keys = await new Promise<ParsedKey[]>((resolve) => {
    agent.getIdentities((error, found) => {
      resolve(error ? [] : ((found ?? []) as ParsedKey[]));
    });
  });
  return keys
    .filter((key) => !key.type.includes("-cert-"))
    .map((publicKey) => ({
      publicKey,
      origin: "agent",
      sign: (data, options) =>
        new Promise((resolve, reject) => {
          agent.sign(publicKey, data, options, (error, signature) => {
            if (signature === undefined) reject(error ?? new Error("the agent gave no signature"));
            else resolve(Buffer.isBuffer(signature) ? signature : Buffer.from(signature));
          });
        }),
    }));
}

export interface UnlockNeeds {
  ask: AskPerson;
  secrets: LoginSecrets;
  /** Told when three passphrases were wrong. */
  onWrong: () => void;
}

/** A key of a file, ready to offer; null when the file has none that can be offered without its passphrase. */
export function ringKeyOfFile(file: string, content: KeyFile, needs: UnlockNeeds): RingKey | null {
  if (content.kind === "open") {
    const { key } = content;
    return {
      publicKey: key,
      origin: file,
      sign: (data, options) => Promise.resolve(signWith(key, data, options)),
    };
  }
  if (content.kind !== "locked" || content.publicKey === null) return null;
  return {
    publicKey: content.publicKey,
    origin: file,
    sign: async (data, options) => {
      const key = await unlockKey(file, content, needs);
      if (key === null) throw new Error("the key stays locked");
      return signWith(key, data, options);
    },
  };
}

const tries = 3;

/** Unlocks a key with the passphrase remembered, else with one a person gives (three tries). */
export async function unlockKey(
  file: string,
  locked: KeyFile & { kind: "locked" },
  { ask, secrets, onWrong }: UnlockNeeds,
): Promise<ParsedKey | null> {
  const remembered = secrets.passphrases.get(file);
  const known = remembered === undefined ? null : locked.unlock(remembered);
  if (known !== null) return known;
  secrets.passphrases.delete(file);
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const text =
      attempt === 1 ? `Passphrase of the key ${file}` : `Wrong passphrase. Passphrase of the key ${file}`;
    const passphrase = await ask({ kind: "passphrase", text, secret: true });
    if (passphrase === null) return null;
    const key = locked.unlock(passphrase);
    if (key === null) continue;
    secrets.passphrases.set(file, passphrase);
    return key;
  }
  onWrong();
  return null;
}

function signWith(key: ParsedKey, data: Buffer, options: SigningRequestOptions): Buffer {
  const signature = key.sign(data, options.hash) as Buffer | Error;
  if (signature instanceof Error) throw signature;
  return signature;
}

/** Whether two keys have the same public half. */
export function sameKey(a: ParsedKey, b: ParsedKey): boolean {
  return a.getPublicSSH().equals(b.getPublicSSH());
}
