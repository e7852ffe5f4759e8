const reconnect = "choose “Reconnect to the Fleet”";
/** By keyboard or by mouse. */
const choose = (command: string): string => `choose “${command}” or click the status bar`;

/** What is said where there is no contact with the fleet's service: why, and what a person can do about it in the editor. */
export const awayWords = {
  looking: "Looking for your fleet…",
  connecting: "Connecting to the fleet's service…",
  notConnected: (what: string, next: string) => `Not connected: ${what} ${next}`,
  notConnectedYet: (what: string, next: string) => `Not connected: ${what} Trying again by itself. ${next}`,
  wasSo: (age: string) => `What is shown was so ${age} ago.`,
  otherConnection: "this window has another connection now",
  service: {
    silent: "the fleet's service on this machine does not answer.",
    stopped: "the fleet's service on this machine was stopped.",
    start: `To start it, ${choose("Start the Fleet's Service on This Machine")}. Jobs on the hosts run on meanwhile.`,
  },
  untrusted: {
    what: (url: string) =>
      `what answers at ${url} is not the service of your fleet, so nothing was sent to it.`,
    elsewhere: `When the right one is back, ${reconnect}. After an absence of many months, or if the fleet was set up anew, ask an admin for a link and join it again.`,
    here: `To start the one of this machine and join it, ${choose("Start a Fleet on This Machine")}.`,
  },
  membership: {
    notYet: "your membership is not valid yet",
    ranOut: "your membership of this fleet has run out.",
    withdrawn: "your membership of this fleet was withdrawn.",
    refused: "the fleet's service no longer accepts your membership.",
    renew: `To ask an admin to let you back in, ${choose("Renew the Membership")}; with a fresh join link “Join a Fleet” does it, too.`,
    freshLink: "Ask an admin of the fleet for a fresh join link, then choose “Join a Fleet”.",
    rejoin: `The fleet is on this machine: to join it again, ${choose("Start a Fleet on This Machine")}.`,
  },
  clock: {
    certificate: (url: string) => `the certificate of the service at ${url} does not fit today's date`,
    what: (what: string) => `${what}: a clock is wrong, here or there.`,
    next: `Set it right, then ${reconnect}.`,
  },
  versions: {
    what: (service: number, peer: number) =>
      `the fleet's service speaks version ${service} of the protocol, this extension version ${peer}.`,
    updateEditor: "Update the extension hwLedger Fleet in this editor.",
    updateService: `The service is the older of the two: when it was updated, ${reconnect}.`,
    restartService: `The service is the older of the two: to restart it as this extension has it, ${choose("Restart the Fleet's Service on This Machine")}.`,
  },
} as const;
