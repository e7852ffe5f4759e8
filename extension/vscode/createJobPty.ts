import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { createTranscript } from "../core/createTranscript.ts";
import { jobEndText, jobTone } from "../core/jobText.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { problemText } from "../core/problemText.ts";
import { words } from "../core/words/words.ts";

/** The most that a terminal is fed; the service holds the rest back until we ask for it. */
const bytesPerMs = 8_192;

export interface JobPtyNeeds {
  session: FleetSession;
  jobId: JobId;
  /** The terminal's name while the job runs. */
  label: string;
  /** Where in its log to begin. */
  fromByte: number;
  source: string | null;
  /** Ctrl-C while the job runs. */
  onInterrupt: () => void;
  /** The service knows no such job. */
  onGone: () => void;
  /** The last line was written. */
  onOver?: (job: JobRecord) => void;
}

/** A terminal's inside that shows a job. */
export interface JobPty extends vscode.Pseudoterminal {
  /** The job as last heard of. */
  readonly job: JobRecord | null;
  /** Goes on with another connection to the same fleet, at the byte it has come to. */
  goOn(session: FleetSession): void;
  /** Says that nothing comes while the window shows another fleet or none. Not again before something else was written. */
  rest(): void;
}

/** A terminal that shows a job's log as it comes. Closing it ends the showing, never the job. */
export function createJobPty(needs: JobPtyNeeds): JobPty {
  const { jobId, label, fromByte, source } = needs;
  const written = new vscode.EventEmitter<string>();
  const renamed = new vscode.EventEmitter<string>();
  const transcript = createTranscript({ fromByte, source });
  let session = needs.session;
  let nextByte = fromByte;
  let isOpen = false;
  let isOver = false;
  /** Whether the last that was written says that nothing comes. */
  let saysResting = false;
  let stops: (() => void)[] = [];
  let job: JobRecord | null = null;

  function write(text: string): void {
    if (text === "") return;
    written.fire(text);
    saysResting = false;
    if (isOver || !transcript.isOver || job === null) return;
    isOver = true;
    renamed.fire(endedLabel(label, job));
    needs.onOver?.(job);
  }

  function follow(): void {
    isOpen = true;
    stops = [
      session.listen(() => write(transcript.contact(session.contact))),
      session.stream.subscribe(
        `job:${jobId}`,
        {
          onData(data) {
            if (data.kind !== "job") return;
            job = data.job;
            write(transcript.job(data.job));
          },
          async onLog(bytes) {
            nextByte += bytes.length;
            write(transcript.log(bytes));
            await delay(Math.ceil(bytes.length / bytesPerMs));
          },
          onLogEnd: () => write(transcript.logEnd()),
          onProblem(problem) {
            write(transcript.say(problemText(problem)));
            if (problem.code === "job-not-found") needs.onGone();
          },
        },
        { logFrom: nextByte },
      ),
    ];
  }

  function stop(): void {
    isOpen = false;
    for (const end of stops) end();
    stops = [];
  }

  return {
    get job() {
      return job;
    },
    goOn(next) {
      const wasOpen = isOpen;
      stop();
      session = next;
      if (wasOpen) follow();
    },
    rest() {
      if (!isOpen || isOver || saysResting) return;
      write(transcript.say(words.job.otherFleet));
      saysResting = true;
    },
    onDidWrite: written.event,
    onDidChangeName: renamed.event,
    open: follow,
    close() {
      stop();
      written.dispose();
      renamed.dispose();
    },
    handleInput(data) {
      if (data.includes("\x03") && job !== null && !isJobEnded(job.state)) needs.onInterrupt();
    },
  };
}

function endedLabel(label: string, job: JobRecord): string {
  const mark = jobTone(job) === "good" ? "✓" : "✗";
  return `${mark} ${label}: ${job.exitCode === null ? job.state : jobEndText(job)}`;
}
