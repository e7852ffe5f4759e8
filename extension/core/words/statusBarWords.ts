import type { WayBack } from "../awayText.ts";

/** What a click does about missing contact. */
const clicks: Record<WayBack, string> = {
  reconnect: "Click to try again.",
  join: "Click to join again.",
  renew: "Click to ask to come back.",
  rejoin: "Click to join again.",
  start: "Click to start it.",
  restart: "Click to restart it.",
};

/** What keeps a host away until a person has done something about it, by the code of the problem. */
const needsPerson: Readonly<Record<string, string>> = {
  "host-key-changed": "shows another key than before",
  "host-login-refused": "refuses the login",
  "identity-unusable": "has a key file that cannot be used",
  "ssh-config-invalid": "has an address that ssh does not take",
};

/** What the status bar entry and its tooltip say of the fleet. */
export const statusBarWords = {
  clicks,
  needsPerson,
  connectingEntry: "$(sync~spin) hwLedger",
  connecting: "Connecting to the fleet's service",
  refusedEntry: "$(error) hwLedger: not connected",
  lostEntry: "$(debug-disconnect) hwLedger: not connected",
  refused: (what: string) => `Not connected: ${what}`,
  lostFor: (age: string, what: string) => `Not connected for ${age}: ${what}`,
  trying: "Trying again by itself; click to try now.",
  brokenLedger: "The ledger's chain does not hold",
  noGpus: "no GPUs",
  busyShort: (busy: number, gpus: number) => `${busy}/${gpus} GPUs`,
  online: (online: number, hosts: number) => `${online} of ${hosts} hosts online`,
  busy: (busy: number, gpus: number, unknown: number) =>
    `${busy} of ${gpus} GPUs busy${unknown > 0 ? `, ${unknown} unknown` : ""}`,
  utilised: (pct: number) => `${pct} % utilised on average`,
  rate: (rate: string) => `${rate} for the hosts online with a rate`,
  needsLogin: (host: string) => `${host} needs you to log in`,
  needs: (host: string, need: string) => `${host} ${need}`,
  waits: (host: string) => `${host} waits for an answer`,
} as const;
