import type { ProblemKind } from "./problemKind.ts";

/** Problems of dispatch, jobs and their logs. */
export const dispatchProblems = {
  "no-host-fits": {
    status: 409,
    title: "No single host fits",
    detail: "{reason} {choices}",
    next: "Name one with --host.",
  },
  "job-not-found": {
    status: 404,
    title: "There is no such job",
    detail: "The fleet has no job {job}.",
    next: "`hwledger job ls` lists the jobs.",
  },
  "job-ended": {
    status: 409,
    title: "The job has already ended",
    detail: "{job} is {state}.",
    next: "It cannot be cancelled any more; `hwledger job show {job}` tells how it ended.",
  },
  "no-interpreter": {
    status: 422,
    title: "Nothing to run this file with",
    detail: "{script} has neither a known file ending nor a first line that starts with #!.",
    next: "Give it a #! line, or name the program with --python PATH if it is Python.",
  },
  "interpreter-missing": {
    status: 409,
    title: "The interpreter is not on the host",
    detail: "{host} has none of {candidates}, which {script} needs.",
    next: "Install it there, or dispatch to a host that has it.",
  },
  "script-missing": {
    status: 422,
    title: "The script is not in the workspace",
    detail: "{script} is not among the files that were sent.",
    next: "Is it ignored by git? Dispatch it with --script-only, or stop ignoring it.",
  },
  "workspace-too-large": {
    status: 413,
    title: "The workspace is too large",
    detail: "{bytes} bytes would be sent; the limit is {limitBytes}.",
    next: "Ignore large files (.gitignore), name a smaller folder with --workspace, or send the script alone with --script-only.",
  },
  "workspace-unreadable": {
    status: null,
    title: "The workspace cannot be read",
    detail: "{file}: {reason}.",
    next: "Correct that and dispatch again.",
  },
  "upload-incomplete": {
    status: 400,
    title: "The workspace did not arrive whole",
    detail: "{bytes} bytes arrived before the upload broke off.",
    next: "Dispatch again.",
  },
  "upload-unexpected": {
    status: 409,
    title: "The job does not wait for a workspace",
    detail: "{job} is {state}.",
    next: "Dispatch again.",
  },
  "unpack-failed": {
    status: 502,
    title: "The host could not unpack the workspace",
    detail: "{host} said: {reason}.",
    next: "Check that `tar` works there and the home folder can be written.",
  },
  "start-failed": {
    status: 502,
    title: "The host could not start the job",
    detail: "{host} said: {reason}.",
    next: "Check `hwledger host show {host}` and dispatch again.",
  },
  interrupted: {
    status: 503,
    title: "The service stopped before the job started",
    detail: "The service stopped while {job} was being sent to {host}; it never ran.",
    next: "Dispatch again.",
  },
  "host-removed": {
    status: 409,
    title: "The host left the fleet before the job started",
    detail: "{by} took {host} out of the fleet before {job} started; it never ran.",
    next: "Dispatch it to another host.",
  },
  "start-cut": {
    status: 502,
    title: "The connection broke while the job was being started",
    detail: "The connection to {host} broke while {job} was being started ({reason}); it never ran.",
    next: "Dispatch again.",
  },
  "dispatch-timeout": {
    status: 504,
    title: "The job did not start in time",
    detail: "{host} did not start it within {limitMs} ms.",
    next: "Check the host and dispatch again.",
  },
  "log-not-available": {
    status: 404,
    title: "The log is not there",
    detail: "The service holds no log of {job}.",
    next: "`hwledger job show {job}` tells how it stands.",
  },
  "offset-beyond-log": {
    status: 416,
    title: "The log is not that long",
    detail: "Offset {offset} lies beyond the {bytes} bytes of the ended log.",
    next: "Ask for a smaller offset.",
  },
  "prompt-not-found": {
    status: 404,
    title: "The question is gone",
    detail: "There is no open question {prompt}; it was answered or timed out.",
    next: "Try the action again.",
  },
} as const satisfies Record<string, ProblemKind>;
