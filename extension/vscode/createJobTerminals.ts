import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { jobLabel } from "../core/jobText.ts";
import { printable } from "../core/printable.ts";
import { createJobPty } from "./createJobPty.ts";

/** Of a long log only the last part is shown: a terminal keeps a few thousand lines. */
const shownTailBytes = 4 * 1_048_576;

interface OpenTerminal {
  terminal: vscode.Terminal;
  session: FleetSession;
  shownAtMs: number;
}

/** What is known of a log's origin besides the job. */
export interface LogOrigin {
  /** The folder or file on this machine that was sent, when this editor sent it. */
  source: string | null;
}

/** The terminals that show logs of jobs, one per job. */
export interface JobTerminals {
  /** Shows the job's log, in the terminal it already has or in a new one. */
  show(session: FleetSession, job: JobRecord, origin?: LogOrigin): void;
  /** Whether the person is looking at the job's terminal, as far as the editor tells. */
  isInSight(jobId: JobId): boolean;
  dispose(): void;
}

/** The editor takes a moment until a terminal that was shown is the active one. */
const showingMs = 3_000;

export function createJobTerminals(
  now: () => number,
  requestCancel: (session: FleetSession, jobId: JobId) => void,
): JobTerminals {
  const open = new Map<JobId, OpenTerminal>();
  const closing = vscode.window.onDidCloseTerminal((closed) => {
    for (const [id, { terminal }] of open) if (terminal === closed) open.delete(id);
  });

  return {
    show(session, job, { source } = { source: null }) {
      const known = open.get(job.id);
      if (known?.session === session) {
        known.shownAtMs = now();
        return known.terminal.show();
      }
      known?.terminal.dispose();
      const pty = createJobPty({
        session,
        jobId: job.id,
        label: `${printable(jobLabel(job))} on ${job.host}`,
        fromByte: Math.max(0, job.logBytes - shownTailBytes),
        source,
        onInterrupt: () => requestCancel(session, job.id),
      });
      const terminal = vscode.window.createTerminal({
        name: `${printable(jobLabel(job))} on ${job.host}`,
        pty,
        iconPath: new vscode.ThemeIcon("chip"),
        isTransient: true,
      });
      open.set(job.id, { terminal, session, shownAtMs: now() });
      terminal.show();
    },
    isInSight(jobId) {
      const shown = open.get(jobId);
      if (shown === undefined || !vscode.window.state.focused) return false;
      return shown.terminal === vscode.window.activeTerminal || now() - shown.shownAtMs < showingMs;
    },
    dispose() {
      closing.dispose();
      for (const { terminal } of open.values()) terminal.dispose();
    },
  };
}
