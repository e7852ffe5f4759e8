import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { commandIds } from "../core/commandIds.ts";
import { assertRole } from "../core/commandRoles.ts";
import { momentText } from "../core/clock.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { jobLabel, jobOutcomeText, jobTone, memberOf } from "../core/jobText.ts";
import { printable } from "../core/printable.ts";
import { whenFleetKnown } from "../core/whenFleetKnown.ts";
import { words } from "../core/words/words.ts";
import { askInList } from "./askInList.ts";
import type { JobTerminals } from "./createJobTerminals.ts";
import { inform, warn } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

const recentJobs = 50;

/** Shows the log of the job, or of one from a pick list of the newest. */
export async function showLog(
  session: FleetSession,
  terminals: Pick<JobTerminals, "show">,
  jobId?: JobId,
): Promise<void> {
  try {
    const job = jobId ? await getJob(session, jobId) : await pickRecent(session, words.job.showLogOf);
    if (job) terminals.show(session, job);
  } catch (error) {
    await showProblem(problemIn(error));
  }
}

/** Copies the id of the job, or of one from a pick list of the newest. */
export async function copyJobId(session: FleetSession, jobId?: JobId): Promise<void> {
  try {
    const id = jobId ?? (await pickJobId(session, words.job.copyIdOf));
    if (id === undefined) return;
    await vscode.env.clipboard.writeText(id);
    vscode.window.setStatusBarMessage(words.job.copied(id), 3_000);
  } catch (error) {
    await showProblem(problemIn(error));
  }
}

/** Cancels the job, or one from a pick list of those that have not ended, after asking. */
export async function cancelJob(session: FleetSession, jobId?: JobId): Promise<void> {
  try {
    assertRole(session, commandIds.cancelJob);
    const job = jobId ? await getJob(session, jobId) : await pickActive(session);
    if (!job || isJobEnded(job.state)) return;
    const { cancel, letRun, cancelQuestion, cancelDetail } = words.job;
    const question = cancelQuestion(printable(jobLabel(job)), job.host);
    const detail = cancelDetail(job.state);
    // The editor's own "Cancel" would be one of two buttons of that name.
    const buttons = [{ title: cancel }, { title: letRun, isCloseAffordance: true }];
    const answer = await warn(question, { modal: true, detail }, ...buttons);
    if (answer?.title === cancel) await session.client.call("cancelJob", { params: { job: job.id } });
  } catch (error) {
    const problem = problemIn(error);
    if (problem.code !== "job-ended") await showProblem(problem);
  }
}

/** The id of a job from a pick list of the newest. */
export async function pickJobId(session: FleetSession, title: string): Promise<JobId | undefined> {
  return (await pickRecent(session, title))?.id;
}

function getJob(session: FleetSession, job: JobId): Promise<JobRecord> {
  return session.client.call("getJob", { params: { job } });
}

async function pickRecent(session: FleetSession, title: string): Promise<JobRecord | undefined> {
  const { jobs } = await session.client.call("listJobs", { query: { limit: recentJobs } });
  return pickJob(jobs, title, words.job.noneYet);
}

async function pickActive(session: FleetSession): Promise<JobRecord | undefined> {
  await whenFleetKnown(session);
  const active = [...session.fleet.jobs.values()]
    .filter((job) => !isJobEnded(job.state))
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
  return pickJob(active, words.job.cancelTitle, words.job.noneRuns);
}

async function pickJob(
  jobs: readonly JobRecord[],
  title: string,
  none: string,
): Promise<JobRecord | undefined> {
  if (jobs.length === 0) {
    void inform(none);
    return undefined;
  }
  const items = jobs.map((job) => ({
    job,
    label: printable(jobLabel(job)),
    description: `${job.host} · ${printable(jobOutcomeText(job))}`,
    detail: `${words.job.dispatchedBy(momentText(job.createdAtMs), memberOf(job.createdBy))} · ${job.id}`,
    iconPath: new vscode.ThemeIcon(icons[jobTone(job)]),
  }));
  const options = {
    title,
    placeholder: words.job.choose,
    matchOnDescription: true,
    matchOnDetail: true,
  };
  return (await askInList(items, options))?.job;
}

const icons = { pending: "sync", good: "pass", chosen: "circle-slash", bad: "error" } as const;
