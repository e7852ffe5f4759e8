/** Names whose values are secrets, wherever a name ends with one of them. */
const secretNames =
  "token|bearer|password|passphrase|passwd|secret|authorization|cookie|keyPem|(?:api|access|secret|private)[_-]?key";

const secretName = new RegExp(`(?:${secretNames})$|^(?:answer|env)$`, "i");

/** What may be long and is no secret: a key's fingerprint, ids, hashes. */
const uuid = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
const publicRun = new RegExp(`^(?:SHA256:.*|(?:GPU-|MIG-)?${uuid}|[0-9a-f]+|[0-9A-F]+)$`);

/** The one list of what a secret looks like in a text, with what stands for it. */
const patterns: readonly [RegExp, string | ((run: string) => string)][] = [
  // A key, also one that was cut: then nobody knows where it ends.
  [/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g, "<pem>"],
  // The lines between, without their frame.
  [
    /(?:[A-Za-z0-9+/]{60,76}(?:\\n|\r?\n))+[A-Za-z0-9+/]*={0,2}|[A-Za-z0-9+/]{60,}={0,2}/g,
    (run) => (/[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run) ? "<key>" : run),
  ],
  [/\b(?:hwledger|vscode|vscode-insiders|code-oss):\/\/[^\s"'<>)]+/g, "<link>"],
  // What a browser or a client sends along, to its line's end; what a command was given.
  [/\b((?:set-)?cookie|authorization)(\s*:\s*)(?!["'<])[^\r\n"']+/gi, "$1$2<hidden>"],
  [
    new RegExp(String.raw`(?<![\w-])(--[\w-]{0,60}?(?:${secretNames})s?)\s+(?!-)[^\s"'<]+`, "gi"),
    "$1 <hidden>",
  ],
  [
    new RegExp(
      String.raw`(${secretNames})(\\?["']?\s*[=:]\s*)` +
        String.raw`(?:\\?"[^"]*"?|'[^']*'?|(?:(?:bearer|basic)\s+)?[^\s"';&)<]+)`,
      "gi",
    ),
    "$1$2<hidden>",
  ],
  // The login in an address.
  [/:\/\/[^\s/?#@:"'<>]{0,200}:[^\s/?#"'<>]{1,300}@/g, "://<hidden>@"],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}/gi, "$1 <hidden>"],
  // A join token or the like, alone: 24 random bytes have letters of both cases.
  [
    new RegExp(
      `SHA256:[A-Za-z0-9+/]{43}=?|(?<![A-Za-z0-9_-])(?:GPU-|MIG-)?${uuid}(?![A-Za-z0-9_-])|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{32,}`,
      "g",
    ),
    (run) => (publicRun.test(run) || !/[A-Z]/.test(run) || !/[a-z]/.test(run) ? run : "<secret>"),
  ],
];

/**
 * Text without what opens something: private keys, join links, tokens, passwords, headers of authorization. Ordinary
 * text, ids, hashes and fingerprints stay as they are. Never throws.
 */
export function hideSecrets(text: string): string {
  let hidden = text;
  for (const [pattern, as] of patterns)
    hidden = typeof as === "string" ? hidden.replace(pattern, as) : hidden.replace(pattern, as);
  return hidden;
}

/** Whether what stands under a name is a secret, whatever it looks like. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}
