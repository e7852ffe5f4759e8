import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import ssh2 from "ssh2";
import sshpk from "sshpk";

/** What a key file holds. `locked`: encrypted; `publicKey` is null where the file keeps that secret too. */
export type KeyFile =
  | { kind: "missing" }
  | { kind: "unusable"; reason: string }
  /** Only hardware can sign with it (sk-…). */
  | { kind: "hardware" }
  | { kind: "public"; publicKey: ParsedKey }
  | { kind: "open"; key: ParsedKey }
  | {
      kind: "locked";
      publicKey: ParsedKey | null;
      /** The key, or null when the passphrase is wrong. */
      unlock(passphrase: string): ParsedKey | null;
    };

/** Reads a private key (OpenSSH, PEM, PKCS#8), or a public one whose private half an agent holds. */
export async function readKeyFile(file: string): Promise<KeyFile> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    return code === "ENOENT" || code === "ENOTDIR"
      ? { kind: "missing" }
      : { kind: "unusable", reason: `it cannot be read (${code})` };
  }
  const key = parseKeyText(text);
  if (key.kind !== "locked" || key.publicKey !== null) return key;
  const publicText = await readFile(`${file}.pub`, "utf8").catch(() => "");
  return { ...key, publicKey: parsePublic(publicText) };
}

/** What the text of a key file holds. Pure. */
export function parseKeyText(text: string): KeyFile {
  if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) return parsePkcs8(text);
  const header = openSshHeader(text);
  if (header !== null && header.keyType.startsWith("sk-")) return { kind: "hardware" };
  if (/^sk-(ssh|ecdsa)-/.test(text.trim())) return { kind: "hardware" };
  if (header !== null && header.cipher !== "none") {
    const unlock = (passphrase: string): ParsedKey | null => privateOrNull(text, passphrase);
    return { kind: "locked", publicKey: parsePublic(header.publicLine), unlock };
  }
  if (/^(Proc-Type: 4,ENCRYPTED|Encryption: aes)/m.test(text)) {
    const unlock = (passphrase: string): ParsedKey | null => privateOrNull(text, passphrase);
    return { kind: "locked", publicKey: null, unlock };
  }
  return parsePlain(text);
}

function parsePlain(text: string): KeyFile {
  const parsed = ssh2.utils.parseKey(text) as ParsedKey | ParsedKey[] | Error;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined) return { kind: "unusable", reason: "it holds no key" };
  if (key instanceof Error) return { kind: "unusable", reason: lowerFirst(key.message) };
  return key.isPrivateKey() ? { kind: "open", key } : { kind: "public", publicKey: key };
}

function parsePkcs8(text: string): KeyFile {
  if (!text.includes("ENCRYPTED")) {
    const key = fromPkcs8(text, undefined);
    return key === null
      ? { kind: "unusable", reason: "it is no PKCS#8 key that SSH knows" }
      : { kind: "open", key };
  }
  return { kind: "locked", publicKey: null, unlock: (passphrase) => fromPkcs8(text, passphrase) };
}

/** ssh2 does not read PKCS#8: Node decrypts it, sshpk writes it in OpenSSH's own format. */
function fromPkcs8(text: string, passphrase: string | undefined): ParsedKey | null {
  try {
    const plain = createPrivateKey({ key: text, format: "pem", passphrase });
    const pem = plain.export({ type: "pkcs8", format: "pem" });
    return privateOrNull(sshpk.parsePrivateKey(pem, "pkcs8").toString("openssh"));
  } catch {
    return null;
  }
}

function privateOrNull(text: string, passphrase?: string): ParsedKey | null {
  const parsed = ssh2.utils.parseKey(text, passphrase) as ParsedKey | ParsedKey[] | Error;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key === undefined || key instanceof Error || !key.isPrivateKey() ? null : key;
}

function parsePublic(line: string): ParsedKey | null {
  const parsed = ssh2.utils.parseKey(line);
  return parsed instanceof Error ? null : parsed;
}

/** The unencrypted head of OpenSSH's format (PROTOCOL.key): cipher, and the public key. */
function openSshHeader(text: string): { cipher: string; keyType: string; publicLine: string } | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(text)?.[1];
  if (body === undefined) return null;
  const data = Buffer.from(body, "base64");
  let offset = "openssh-key-v1\0".length;
  const next = (): Buffer => {
    const length = data.readUInt32BE(offset);
    const value = data.subarray(offset + 4, offset + 4 + length);
    offset += 4 + length;
    return value;
  };
  try {
    const cipher = next().toString("latin1");
    next();
    next();
    offset += 4;
    const blob = next();
    const keyType = blob.toString("latin1", 4, 4 + blob.readUInt32BE(0));
    return { cipher, keyType, publicLine: `${keyType} ${blob.toString("base64")}` };
  } catch {
    return null;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
