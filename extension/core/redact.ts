import { hideSecrets } from "../../protocol/hideSecrets.ts";

/** Words that must not leave this machine, with what stands for each: the same stand-in for the same word. */
export interface Redaction {
  /** Names to hide: hosts, members, users, folders. */
  names: readonly { text: string; as: string }[];
}

/** What is no secret, and still nobody's business. Secrets are hidden before. */
const patterns: readonly [RegExp, string][] = [
  [/\b(ca)(["']?\s*[=:]\s*["']?)[^\s"',;&)]+/gi, "$1$2<hidden>"],
  [/\bSHA256:[A-Za-z0-9+/]{43}=?/g, "<fingerprint>"],
  [/\b[0-9a-f]{64}\b/g, "<hash>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>"],
  [/\b(?:GPU|MIG)-<uuid>/g, "<gpu>"],
  // A name that was looked up may be of no host that is known.
  [/\b(ENOTFOUND|EAI_\w+|Could not resolve hostname)\s+[^\s,;:]+/gi, "$1 <name>"],
  [/[A-Za-z0-9._%+-]+@(?=[A-Za-z0-9[])/g, "<user>@"],
  [/\b(?!127\.0\.0\.1\b)(?:\d{1,3}\.){3}\d{1,3}\b/g, "<address>"],
  // IPv6: with `::`, or all eight groups; a time of day is neither.
  [/(?<![\w:])\[?(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{2,39}(?:%\w+)?\]?(?![\w:])/gi, "<address>"],
  [/\b[A-Za-z0-9_-]{32,}\b/g, "<secret>"],
];

/** Text without keys, tokens, links, addresses, fingerprints and the given names. */
export function redact(text: string, { names }: Redaction): string {
  const longestFirst = names
    .filter(({ text: name }) => name.length > 1)
    .sort((a, b) => b.text.length - a.text.length);
  let hidden = hideSecrets(text);
  for (const [pattern, as] of patterns) hidden = hidden.replace(pattern, as);
  for (const { text: name, as } of longestFirst) hidden = hidden.replace(wholeWord(name), as);
  return hidden;
}

function wholeWord(name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![A-Za-z0-9_])${escaped}(?![A-Za-z0-9_])`, "g");
}
