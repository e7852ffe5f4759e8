import { hideSecrets } from "../../protocol/hideSecrets.ts";

/** Words that must not leave this machine, with what stands for each: the same stand-in for the same word. */
export interface Redaction {
  /** Names to hide: hosts, members, users, folders. */
  names: readonly { text: string; as: string }[];
}

/** Ends of what has a dot and is no machine: programs, files. */
const fileEnds = "js|mjs|cjs|ts|json|jsonc|md|txt|log|py|sh|ps1|exe|pem|db|sock|yaml|yml|toml";

/** What stands for what is hidden: no name is looked for in it. */
const standIns =
  "hidden|fingerprint|path|hash|uuid|gpu|name|address|user|secret|account|member|service|(?:host|fleet) \\d+";

/** What is no secret, and still nobody's business. Secrets are hidden before. */
const patterns: readonly [RegExp, string][] = [
  [/\b(ca)(["']?\s*[=:]\s*["']?)[^\s"',;&)]+/gi, "$1$2<hidden>"],
  [/\bSHA256:[A-Za-z0-9+/]{43}=?/g, "<fingerprint>"],
  // Where something lies: of Windows and its shares, then of the others. The line number after it helps and stays.
  [/(?:\bfile:\/+)?(?<![A-Za-z0-9])[A-Za-z]:[\\/]+[^\s"'`<>|:;,()]*/g, "<path>"],
  [/(?<![\w\\:])\\{2,4}[A-Za-z0-9.$_-]+\\[^\s"'`<>|:;,()]*/g, "<path>"],
  [
    /\bfile:\/\/\/[^\s"'`<>:;,()]*|(?<![\w/\\<>.~-])(?:~(?:[a-z_][\w.-]*)?[\\/]|\/(?![\\/\s]))[^\s"'`<>:;,()]+/gi,
    "<path>",
  ],
  [/\b[0-9a-f]{64}\b/g, "<hash>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>"],
  [/\b(?:GPU|MIG)-<uuid>/g, "<gpu>"],
  // A name that was looked up or called may be of no host that is known.
  [/\b(ENOTFOUND|EAI_\w+|Could not resolve hostname|connect to host)\s+[^\s,;:<]+/gi, "$1 <name>"],
  [/\b(?!127\.0\.0\.1\b)(?:\d{1,3}\.){3}\d{1,3}\b/g, "<address>"],
  // IPv6: with `::`, or all eight groups; a time of day is neither.
  [/(?<![\w:])\[?(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{2,39}(?:%\w+)?\]?(?![\w:])/gi, "<address>"],
  [/(?<=\b[a-z][a-z0-9+.-]*:\/\/)(?!<|127\.0\.0\.1\b|localhost\b)[^\s"'<>/:@]+/gi, "<name>"],
  [/[A-Za-z0-9._%+-]+@(?=[A-Za-z0-9[<])/g, "<user>@"],
  [/(?<=<user>@)[A-Za-z0-9][\w.-]*/g, "<name>"],
  [
    new RegExp(
      String.raw`(?<![\w.<-])(?!hwledger\.)(?:[a-z0-9_](?:[\w-]*\w)?\.)+(?!(?:${fileEnds})\b)[a-z]{2,24}(?![\w-]|\.\w)`,
      "gi",
    ),
    "<name>",
  ],
  [/(?<![\w.<>:/-])(?!localhost:)[a-z][a-z0-9-]*(?=:\d{2,5}(?!\w|[.:]\w))/gi, "<name>"],
  [/\b[A-Za-z0-9_-]{32,}\b/g, "<secret>"],
];

/** Text without keys, tokens, links, addresses, paths, fingerprints and the given names, whatever their case. */
export function redact(text: string, { names }: Redaction): string {
  const longestFirst = names
    .filter(({ text: name }) => name.length > 1)
    .sort((a, b) => b.text.length - a.text.length);
  let hidden = hideSecrets(text);
  // A name that is part of a longer one, such as `rig` of `rig.example.org`, is left to the patterns at first.
  for (const { text: name, as } of longestFirst) hidden = hidden.replace(wholeWord(name, "whole"), as);
  for (const [pattern, as] of patterns) hidden = hidden.replace(pattern, as);
  for (const { text: name, as } of longestFirst) hidden = hidden.replace(wholeWord(name, "part"), as);
  return hidden;
}

/** The name where it stands; `part` is also within what dots, dashes and the like tie together. */
function wholeWord(name: string, extent: "whole" | "part"): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const inside = String.raw`(?<!<(?:(?:host|fleet) (?=\d+>)|(?=(?:${standIns})>)))`;
  const [before, after] = extent === "part" ? ["", ""] : [String.raw`|\w[.-]|[\\/]`, String.raw`|[.-]\w`];
  return new RegExp(`${inside}(?<![A-Za-z0-9_]${before})${escaped}(?![A-Za-z0-9_]${after})`, "gi");
}
