import type { ProblemKind } from "./problemKind.ts";

/** Problems that arise at the client. */
export const clientProblems = {
  "address-in-use": {
    status: null,
    title: "The address is taken",
    detail: "Another program listens on {address}.",
    next: "Choose another with --listen, such as --listen 127.0.0.1:0 for any free port.",
  },
  "service-did-not-start": {
    status: null,
    title: "The service did not start",
    detail: "{reason}",
    next: "Look at {log}, correct what it says, and start it again.",
  },
  "service-will-not-stop": {
    status: null,
    title: "The service does not end",
    detail: "The service of {home} (process {pid}) did not end within {limitS} s of being asked.",
    next: "Look at its log. Ending that process by force loses nothing: jobs on the hosts run on.",
  },
  "ca-damaged": {
    status: null,
    title: "The fleet's CA cannot be read",
    detail: "{file} is damaged.",
    next: "Put back a copy of that file. Without it nobody can join and members cannot trust the service.",
  },
  "key-not-private": {
    status: null,
    title: "A private file of the fleet is not private",
    detail: "{file} (mode {mode}) {reason}.",
    next: "Run `{command}` and start again. If somebody may have copied a key, set up a new fleet: who has the CA's key can make members. On a file system that keeps no modes, move the data folder to one that does.",
  },
  "not-joined": {
    status: null,
    title: "No fleet here yet",
    detail: "{home} holds no membership of a fleet.",
    next: "Start one with `hwledger up`, or join one with `hwledger join LINK`.",
  },
  "agent-not-joined": {
    status: null,
    title: "The agent has not joined a fleet yet",
    detail: "{home} holds no membership.",
    next: "Get a link with `hwledger token create --agent HOST`, and join with `hwledger-agent join LINK`.",
  },
  "agent-damaged": {
    status: null,
    title: "The agent's membership file is damaged",
    detail: "{file} cannot be read as a membership.",
    next: "Move it away, and join again with a fresh link of `hwledger token create --agent HOST`.",
  },
  "agent-other-machine": {
    status: null,
    title: "The agent's membership is another machine's",
    detail: "{home} was made on another machine, which shares it or was there before.",
    next: "If machines share this home, set HWLEDGER_AGENT_HOME to a folder of each one's own, and join there. If this machine was set up anew, run `hwledger-agent leave`, then join with a fresh link.",
  },
  "agent-runs": {
    status: null,
    title: "The agent runs already",
    detail: "Another hwledger-agent of {home} runs on this machine.",
    next: "`hwledger-agent status` tells how it stands.",
  },
  "already-joined": {
    status: null,
    title: "This folder belongs to another fleet",
    detail: "{home} is a member of {fleet}.",
    next: "Set HWLEDGER_HOME to another folder to join a second fleet.",
  },
  "fleet-differs": {
    status: null,
    title: "This is not the fleet you belong to",
    detail:
      "{url} bears the id of a fleet that you are a member of already ({fleet}), but its certificate authority neither is one that you trust nor follows upon one. The link was not used, and the membership stays as it is.",
    next: "Ask whoever gave you the link, by another way. If it is right, because the fleet was set up anew or you were away for more than a year, move identity.json out of your data folder and join again.",
  },
  "link-invalid": {
    status: null,
    title: "The join link is not valid",
    detail: "{reason}",
    next: "Copy the whole link, or ask for a fresh one.",
  },
  "service-unreachable": {
    status: null,
    title: "The service cannot be reached",
    detail: "{url} does not answer: {reason}.",
    next: "Start it with `hwledger up`, or check the address.",
  },
  "dispatch-unanswered": {
    status: null,
    title: "Whether the job was taken is not known",
    detail: "{url} did not answer when the dispatch of {script} was given up: {reason}.",
    next: "`hwledger job ls` tells once it answers; `hwledger cancel ID` ends the job.",
  },
  "upload-interrupted": {
    status: null,
    title: "The workspace was not sent to its end",
    detail:
      "{url} went away while the workspace of {job} was on its way: {reason}. The job ends without a start.",
    next: "Dispatch it again when the service is back; `hwledger status` tells.",
  },
  "service-untrusted": {
    status: null,
    title: "This is not the fleet you joined",
    detail: "{url} does not prove to be the fleet's service: {reason}. Nothing was sent.",
    next: "Check the address. After an absence of many months, or if the fleet was set up anew, join it again: an admin makes the link (`hwledger token create --member NAME`).",
  },
  "answer-invalid": {
    status: null,
    title: "The service answered something else",
    detail: "{reason}",
    next: "Check that service and client have the same version.",
  },
  "file-not-found": {
    status: null,
    title: "The file is not there",
    detail: "{file}: {reason}.",
    next: "Check the path.",
  },
  usage: {
    status: null,
    title: "The command is not valid",
    detail: "{reason}",
    next: "`hwledger help` shows how it goes.",
  },
  "node-too-old": {
    status: null,
    title: "Node.js is too old",
    detail: "hwledger needs Node.js 22 or newer; this is {version}.",
    next: "Run it through `npx` in the project, or install a newer Node.js.",
  },
} as const satisfies Record<string, ProblemKind>;
