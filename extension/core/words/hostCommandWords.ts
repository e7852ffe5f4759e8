/** What the commands about hosts ask and say. */
export const hostCommandWords = {
  choose: "A host",
  none: "The fleet has no hosts yet.",
  add: "Add a Host",
  localElsewhere: (name: string) =>
    `${name} is the machine of the fleet's service, which is not this one: no terminal can be opened there by SSH.`,
  installAgentOn: "Install the agent on",
  install: "Install",
  installQuestion: (name: string) => `Install the agent on ${name}?`,
  installDetail:
    "A program of the fleet is copied to ~/.hwledger/agent there and started by systemd or launchd. From then on the host reports by itself, also from behind a router, keeps what it reads while there is no contact, and costs no login.",
  installing: (name: string) => `Installing the agent on ${name}`,
  installed: (name: string) => `The agent runs on ${name}.`,
  noTerminal: (name: string) =>
    `${name} is reached by its agent only: no terminal can be opened there. What you dispatch runs there all the same.`,
  logInTo: "Log in to",
  connecting: (name: string) => `Connecting to ${name}`,
  connected: (name: string) => `${name} is connected.`,
  terminalOn: "Open a Terminal on",
  remove: "Remove Host",
  removeFrom: "Remove from the fleet",
  removeQuestion: (name: string) => `Remove ${name} from the fleet?`,
  removeDetail: "Nothing on the host is touched. Its jobs and their logs stay in the fleet.",
  removeBusy: (name: string) => `${name} has jobs that have not ended.`,
  removeBusyDetail:
    "Where the host is gone for good, its jobs can be given up: they count as lost, and whatever still runs there is left alone. Otherwise cancel them or wait for their end.",
  removeAnyway: "Give Up Its Jobs and Remove",
  groupTitle: "Group the Hosts",
  groupings: {
    none: ["Not at All", "one list, the service's machine first"],
    status: ["By Status", "online, need attention, not there"],
    source: ["By Source", "how they are reached"],
  },
  groupedNow: "as it is now",
  filterTitle: "Filter the Hosts",
  filterPrompt: "Words that a host must have in its name, address, status, GPUs, processes or their users",
  testing: "Test the connection to",
  testOk: (name: string, took: string) => `${name} answers: connected and read in ${took}.`,
} as const;
