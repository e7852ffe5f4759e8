import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { awayText } from "./awayText.ts";
import type { Contact } from "./contact.ts";
import { createLogText } from "./createLogText.ts";
import { formatBytes } from "./figures.ts";
import { jobLabel, jobOutcomeText, jobTone } from "./jobText.ts";
import { printable } from "./printable.ts";
import { jobWords } from "./words/jobWords.ts";

const say = jobWords.transcript;

/** What a log terminal shows of a job. Each call answers with the text to write next, which may be empty. */
export interface Transcript {
  /** The job as it now stands. */
  job(record: JobRecord): string;
  /** The next bytes of its log. */
  log(bytes: Uint8Array): string;
  /** Every byte has come. */
  logEnd(): string;
  /** How we stand with the service. */
  contact(contact: Contact): string;
  /** A line of our own. */
  say(text: string): string;
  /** Whether the last line was written: the job has ended and its whole log is above. */
  readonly isOver: boolean;
}

const sgr = {
  reset: "\x1b[0m",
  /** Bright black: terminals keep it readable on every ground, unlike faint text. */
  quiet: "\x1b[90m",
  bold: "\x1b[1m",
  red: "\x1b[31m",
  green: "\x1b[32m",
  yellow: "\x1b[33m",
};
/** Nothing can be typed here. */
const hideCursor = "\x1b[?25l";

/** A fresh transcript. `fromByte`: where in the log it begins; `source`: what was sent, when we know. */
export function createTranscript({
  fromByte,
  source,
}: {
  fromByte: number;
  source: string | null;
}): Transcript {
  const logText = createLogText();
  let record: JobRecord | null = null;
  let isAtLineStart = true;
  let bytes = fromByte;
  let allCame = false;
  let isOver = false;
  let saidStart = false;
  let saidContact: "live" | "lost" | "refused" = "live";
  /** Of the refusal that was said last. */
  let saidCode = "";
  let saidHost = false;
  let saidStall = false;

  function line(text: string, style: string): string {
    const lead = isAtLineStart ? "" : "\r\n";
    isAtLineStart = true;
    return `${lead}${sgr.reset}${style}— ${printable(text)} —${sgr.reset}\r\n`;
  }

  function output(text: string): string {
    if (text !== "") isAtLineStart = text.endsWith("\n");
    return text;
  }

  function head(job: JobRecord): string {
    const size = job.archiveBytes === 0 ? "" : ` ${formatBytes(job.archiveBytes)}`; // 0: not counted yet
    const skipped = fromByte > 0 ? line(say.skipped(formatBytes(fromByte)), sgr.quiet) : "";
    return (
      hideCursor +
      line(`${jobLabel(job)} → ${job.host}`, sgr.bold) +
      line(say.sent(size, source, job.id), sgr.quiet) +
      skipped
    );
  }

  function started(job: JobRecord): string {
    if (saidStart || job.startedAtMs === null) return "";
    saidStart = true;
    const command = [job.interpreter, job.script, ...job.args].filter((word) => word !== null).join(" ");
    return line(say.command(command, job.directory), sgr.quiet);
  }

  function hostContact(job: JobRecord): string {
    const { contact } = job;
    if (contact.kind === "ok") {
      if (!saidHost) return "";
      saidHost = false;
      return isJobEnded(job.state) ? "" : line(say.hostAnswers(job.host), sgr.quiet);
    }
    if (saidHost || isJobEnded(job.state)) return "";
    saidHost = true;
    return line(say.hostLost(job.host, contact.atByte, contact.reason), sgr.yellow);
  }

  function stall({ logStall, state }: JobRecord): string {
    const isStalled = Boolean(logStall) && !isJobEnded(state);
    const isNew = isStalled && !saidStall;
    saidStall = isStalled;
    if (!isNew || !logStall) return "";
    return line(say.logWaits(logStall.atByte, logStall.reason), sgr.yellow);
  }

  function over(): string {
    if (isOver || record === null || !isJobEnded(record.state)) return "";
    if (!allCame && bytes < record.logBytes) return "";
    isOver = true;
    const tone = jobTone(record);
    const style = tone === "good" ? sgr.green : tone === "chosen" ? sgr.yellow : sgr.red;
    return output(logText.end()) + hideCursor + line(jobOutcomeText(record), sgr.bold + style);
  }

  return {
    job(next) {
      const opening = record === null ? head(next) : "";
      record = next;
      return opening + started(next) + hostContact(next) + stall(next) + over();
    },
    log(chunk) {
      bytes += chunk.length;
      return output(logText.next(chunk)) + over();
    },
    logEnd() {
      allCame = true;
      return over();
    },
    contact(contact) {
      if (isOver) return "";
      if (contact.kind === "connecting") return "";
      const code = contact.kind === "refused" ? contact.problem.code : "";
      if (contact.kind === saidContact && code === saidCode) return "";
      // Trying again can end in a refusal, which needs a person, and in another one.
      if (saidContact === "refused" && contact.kind === "lost") return "";
      const before = saidContact;
      saidContact = contact.kind;
      saidCode = code;
      if (contact.kind === "live") return line(say.connected, sgr.quiet);
      const lost = say.serviceLost(bytes, contact.problem.detail);
      if (contact.kind === "lost") return line(say.trying(lost), sgr.yellow);
      // What to do about it is said once, above the hosts.
      const { what } = awayText(contact.problem);
      return line(before === "live" ? lost : say.noContact(what), sgr.yellow);
    },
    say: (text) => line(text, sgr.quiet),
    get isOver() {
      return isOver;
    },
  };
}
