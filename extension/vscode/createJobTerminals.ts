import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { Membership } from "../core/createMembership.ts";
import type { RememberedTerminal, TerminalMemory } from "../core/createTerminalMemory.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { jobLabel } from "../core/jobText.ts";
import { printable } from "../core/printable.ts";
import { shownFrom } from "../core/shownTail.ts";
import { words } from "../core/words/words.ts";
import { createJobPty, type JobPty } from "./createJobPty.ts";
import { problemIn } from "./showProblem.ts";

interface OpenTerminal {
  terminal: vscode.Terminal;
  pty: JobPty;
  session: FleetSession;
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
  /** Makes again, without showing them, the terminals that were open before a reload; those of other fleets wait. */
  restore(session: FleetSession): Promise<void>;
  /** Whether the person is looking at the job's terminal, as far as the editor tells. */
  isInSight(jobId: JobId): boolean;
  /** The job whose log a terminal shows, as last heard of. */
  jobIn(terminal: vscode.Terminal): JobRecord | null;
  dispose(): void;
}

/** What the terminals need. */
export interface JobTerminalNeeds {
  membership: Membership;
  memory: TerminalMemory;
  now: () => number;
  /** Ctrl-C in the terminal of a job that has not ended. */
  requestCancel: (session: FleetSession, jobId: JobId) => void;
}

/** The editor takes a moment until a terminal that was shown is the active one. */
const showingMs = 3_000;

export function createJobTerminals(needs: JobTerminalNeeds): JobTerminals {
  const { membership, memory, now } = needs;
  const open = new Map<JobId, OpenTerminal>();
  let lastShown: { terminal: vscode.Terminal; atMs: number } | null = null;

  const closing = vscode.window.onDidCloseTerminal((closed) => {
    for (const [id, { terminal }] of open) {
      if (terminal !== closed) continue;
      open.delete(id);
      // A window that is reloaded closes its terminals, too: that is no wish of the person.
      if (closed.exitStatus?.reason !== vscode.TerminalExitReason.Shutdown) memory.remove(id);
    }
  });

  const stopListening = membership.listen(() => {
    const { session } = membership;
    for (const shown of open.values()) {
      if (shown.session === session) continue;
      if (session && shown.session.identity.fleetId === session.identity.fleetId) {
        shown.session = session;
        shown.pty.goOn(session);
      } else shown.pty.rest();
    }
  });

  function make(session: FleetSession, remembered: RememberedTerminal): OpenTerminal {
    const { jobId, label, fromByte, source } = remembered;
    const pty = createJobPty({
      session,
      jobId,
      label,
      fromByte,
      source,
      onInterrupt: () => needs.requestCancel(open.get(jobId)?.session ?? session, jobId),
      onGone: () => memory.remove(jobId),
    });
    const iconPath = new vscode.ThemeIcon("chip");
    const terminal = vscode.window.createTerminal({ name: label, pty, iconPath, isTransient: true });
    const made = { terminal, pty, session };
    open.set(jobId, made);
    return made;
  }

  return {
    show(session, job, { source } = { source: null }) {
      const known = open.get(job.id);
      if (known && known.session !== session) known.terminal.dispose();
      let shown = known?.session === session ? known : undefined;
      if (!shown) {
        const label = words.job.onHost(printable(jobLabel(job)), job.host);
        const fromByte = shownFrom(job.logBytes);
        const { fleetId } = session.identity;
        const remembered = { jobId: job.id, fleetId, label, fromByte, source };
        shown = make(session, remembered);
        memory.add(remembered);
      }
      lastShown = { terminal: shown.terminal, atMs: now() };
      shown.terminal.show();
    },
    async restore(session) {
      const { fleetId } = session.identity;
      const mine = memory.all().filter((one) => one.fleetId === fleetId && !open.has(one.jobId));
      const jobs = await Promise.all(mine.map(({ jobId }) => jobOf(session, jobId)));
      if (membership.session !== session) return;
      for (const [at, remembered] of mine.entries()) {
        const job = jobs[at];
        if (job === "gone") memory.remove(remembered.jobId);
        // What was written meanwhile may be more than a terminal can hold.
        else if (!open.has(remembered.jobId))
          make(session, { ...remembered, fromByte: shownFrom(job?.logBytes ?? 0, remembered.fromByte) });
      }
    },
    isInSight(jobId) {
      const shown = open.get(jobId);
      if (shown === undefined || !vscode.window.state.focused) return false;
      if (shown.terminal === vscode.window.activeTerminal) return true;
      return lastShown?.terminal === shown.terminal && now() - lastShown.atMs < showingMs;
    },
    jobIn(terminal) {
      for (const shown of open.values()) if (shown.terminal === terminal) return shown.pty.job;
      return null;
    },
    dispose() {
      closing.dispose();
      stopListening();
      for (const { terminal } of open.values()) terminal.dispose();
    },
  };
}

/** The job as the service knows it; null without an answer: the terminal then says what is the matter. */
async function jobOf(session: FleetSession, job: JobId): Promise<JobRecord | "gone" | null> {
  try {
    return await session.client.call("getJob", { params: { job } });
  } catch (error) {
    return problemIn(error).code === "job-not-found" ? "gone" : null;
  }
}
