import { hostText } from "../hostText.ts";

/** What the runner on a host says: one line each on stderr. Byte counts are those of the job's log unless said otherwise. */
export type RunnerReport =
  | { kind: "staged" }
  | { kind: "awake" }
  | { kind: "unpacked" }
  | { kind: "unpack-failed"; reason: string }
  | { kind: "prepared" }
  | { kind: "no-interpreter" }
  | { kind: "no-script" }
  | { kind: "no-room"; reason: string }
  | { kind: "start-failed"; reason: string }
  | { kind: "started" }
  /** Somebody else had already decided whether the job starts. */
  | { kind: "claimed" }
  /** The job was never started and never will be. */
  | { kind: "unstarted" }
  /** The job's folder is not there. */
  | { kind: "gone" }
  | { kind: "interpreter"; path: string }
  | { kind: "directory"; path: string }
  | { kind: "following"; archiveBytes: number; archiveSha256: string }
  | { kind: "no-log" }
  /** What reads the log on the host was ended there; the job is not touched by that. */
  | { kind: "log-left" }
  | JobEvidence;

/** How a job's end shows on its host. `signal` is the name without SIG that the host's shell gives for the code. */
export type JobEvidence =
  | {
      kind: "ended";
      code: number;
      signal: string | null;
      why: { kind: "none" } | { kind: "time-limit" } | { kind: "cancelled"; by: string };
      logBytes: number;
      /** Of the log's first `logBytes` bytes, SHA-256 in hex; null where the host gave none. */
      logSha256: string | null;
      /** From start to end by the host's clock; null where it is not on record. */
      lastedMs: number | null;
    }
  /** It has ended, by a report that makes no sense: what was said, for people. */
  | { kind: "unusable"; said: string }
  /** No exit record, and the host has started anew since. */
  | { kind: "rebooted"; logBytes: number }
  /** No exit record, and the supervisor is gone; the job's processes may be `running` still. */
  | { kind: "vanished"; logBytes: number; processes: "running" | "ended" };

/** What is kept of a reason and of a path, in UTF-16 units. */
const reasonLimit = 1_000;
const pathLimit = 4_096;
const saidLimit = 100;
/** What a process can give its parent (POSIX wait). */
const highestExitCode = 255;

/** What a line says, if it is the runner's own: the nonce stands before its words, noise may stand before the nonce. */
export function parseRunnerReport(line: string, nonce: string): RunnerReport | null {
  const at = line.indexOf(`${nonce} `);
  if (at < 0) return null;
  const said = line.slice(at + nonce.length + 1).replace(/\r$/, "");
  const text = said.trimEnd();
  const space = text.indexOf(" ");
  const kind = space < 0 ? text : text.slice(0, space);
  const rest = space < 0 ? "" : text.slice(space + 1);
  switch (kind) {
    case "staged":
    case "awake":
    case "unpacked":
    case "prepared":
    case "no-interpreter":
    case "no-script":
    case "started":
    case "claimed":
    case "unstarted":
    case "gone":
    case "no-log":
    case "log-left":
      return { kind };
    case "unpack-failed":
    case "no-room":
    case "start-failed":
      return { kind, reason: hostText(rest, reasonLimit) };
    case "interpreter":
    case "directory":
      return {
        kind,
        path: unescapePath(said.slice(kind.length + 1))
          .slice(0, pathLimit)
          .toWellFormed(),
      };
    case "following": {
      const [bytes, sha256] = rest.split(" ");
      return { kind, archiveBytes: count(bytes) ?? 0, archiveSha256: sha256 ?? "" };
    }
    default:
      return parseEvidence(kind, rest);
  }
}

/** A path that the runner wrote on one line: `\n` for a line end, `\\` for a backslash. */
function unescapePath(text: string): string {
  return text.replaceAll(/\\([n\\])/g, (_, escaped) => (escaped === "n" ? "\n" : "\\"));
}

function parseEvidence(kind: string, rest: string): JobEvidence | null {
  const words = rest.split(" ");
  switch (kind) {
    case "ended": {
      const [code, signal, why, bytes, lasted, sha256 = ""] = words;
      const exitCode = count(code);
      const logBytes = count(bytes);
      if (exitCode === null || exitCode > highestExitCode || logBytes === null)
        return { kind: "unusable", said: hostText(`ended ${rest}`.slice(0, saidLimit)) };
      const centiseconds = count(lasted);
      const lastedMs = centiseconds === null ? null : centiseconds * 10;
      const by = words.slice(6).join(" ").trim();
      const logSha256 = /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null;
      return {
        kind,
        code: exitCode,
        signal: nameOf(signal),
        why: whyOf(why, by),
        logBytes,
        logSha256,
        lastedMs,
      };
    }
    case "rebooted":
      return { kind, logBytes: count(words[0]) ?? 0 };
    case "vanished":
      return {
        kind,
        logBytes: count(words[0]) ?? 0,
        processes: words[1] === "running" ? "running" : "ended",
      };
    default:
      return null;
  }
}

function whyOf(word: string | undefined, by: string): Extract<JobEvidence, { kind: "ended" }>["why"] {
  if (word === "cancel") return { kind: "cancelled", by };
  return word === "timeout" ? { kind: "time-limit" } : { kind: "none" };
}

function nameOf(signal: string | undefined): string | null {
  return signal !== undefined && /^(SIG)?[A-Z][A-Z0-9+-]{0,30}$/.test(signal)
    ? signal.replace(/^SIG/, "")
    : null;
}

function count(word: string | undefined): number | null {
  return word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : null;
}
