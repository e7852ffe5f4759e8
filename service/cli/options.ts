import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../protocol/duration.ts";
import { hostNameSchema } from "../../protocol/ids.ts";

/** A duration option as milliseconds. Throws a commander error that says what is wrong. */
export function durationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms <= 0)
    throw new InvalidArgumentError("It is no duration; write for example 90s, 15m or 2h.");
  return ms;
}

/** A parser of duration options that end at `longest`, itself a duration such as `24h`. */
export function durationUpTo(longest: string): (text: string) => number {
  return (text) => {
    const ms = durationOption(text);
    if (ms > durationOption(longest)) throw new InvalidArgumentError(`It is at most ${longest}.`);
    return ms;
  };
}

/** `--give-up-after`, of commands that follow a job. */
export const giveUpOption: [string, string, (text: string) => number] = [
  "--give-up-after <duration>",
  "with --follow: stop following when service or host have been away for so long (default: wait until Ctrl-C; the job goes on)",
  durationUpTo("24d"),
];

/** A host's name or id. An empty one, as an unset variable gives it, must not pass for none. */
export function hostOption(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It is empty; name a host or leave the option out.");
  return text;
}

/** The name for a new host. */
export function newHostName(text: string): string {
  if (hostNameSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError(
    "It is letters, digits, '.', '_' and '-', at most 63, first a letter or digit.",
  );
}

/** An OpenSSH fingerprint of a host key. */
export function hostKeyOption(text: string): string {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text;
  throw new InvalidArgumentError("It is SHA256: and 43 more characters, as ssh-keygen -l shows it.");
}

/** An option that counts something. */
export function countOption(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError("It is a count: 1 or more.");
  return count;
}

/** An option that is a byte offset. */
export function offsetOption(text: string): number {
  const offset = /^\d+$/.test(text) ? Number(text) : -1;
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new InvalidArgumentError("It is a byte offset: 0 or more.");
  return offset;
}
