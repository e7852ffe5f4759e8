import type { ProblemKind } from "./problemKind.ts";

/** Problems of hosts and the way to them. */
export const hostProblems = {
  "host-not-found": {
    status: 404,
    title: "There is no such host",
    detail: "The fleet has no host {host}. It has: {known}.",
    next: "`hwledger host ls` lists the hosts, `hwledger host add` adds one.",
  },
  "host-name-taken": {
    status: 409,
    title: "The host name is taken",
    detail: "The fleet already has a host named {host}.",
    next: "Choose another name, or remove the old one with `hwledger host rm {host}`.",
  },
  "host-is-local": {
    status: 409,
    title: "This machine cannot be removed",
    detail: "{host} is the machine the service runs on.",
    next: "It stays as long as the service runs here; `hwledger host set {host} --probe off` stops reading it.",
  },
  "host-busy": {
    status: 409,
    title: "Jobs still run on the host",
    detail: "{host} has {jobs} active job(s).",
    next: "Cancel them or wait for their end, then remove the host. If it is gone for good: `hwledger host rm {host} --force` gives its jobs up as lost.",
  },
  "host-unreachable": {
    status: 502,
    title: "The host cannot be reached",
    detail: "{host} ({address}) cannot be reached: {reason}.",
    next: "Check that it is switched on, on the network and runs sshd on that port, then try again.",
  },
  "host-key-unknown": {
    status: 409,
    title: "The host's key is not known yet",
    detail: "{host} ({address}) shows the {keyType} key {fingerprint}, which nobody has vouched for.",
    next: "Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_{keyName}_key.pub` on the host; if it is the same, add the host with --host-key {fingerprint}.",
  },
  "host-key-changed": {
    status: 409,
    title: "The host's key has CHANGED",
    detail:
      "{host} ({address}) shows the key {fingerprint}, but {expected} is the one on record ({source}). Somebody may be in between, or the machine was set up anew. Nothing was sent.",
    next: "Ask the machine's owner. If the new key is right, `hwledger host rm {host}` and add it again with --host-key {fingerprint}.",
  },
  "host-key-revoked": {
    status: 409,
    title: "The host's key is revoked",
    detail:
      "{host} ({address}) shows the key {fingerprint}, which {source} marks as revoked. Nothing was sent.",
    next: "Ask the machine's owner.",
  },
  "host-login-refused": {
    status: 502,
    title: "The host refused the login",
    detail: "{host} ({address}) refused to log in {user}; tried: {tried}.",
    next: "Check the user name and that this machine's key is in the host's authorized_keys, or name another key with --identity.",
  },
  "needs-login": {
    status: 409,
    title: "The host needs somebody to log in",
    detail: "{host} asks for {what}, and got no answer.",
    next: "Run `hwledger host login {host}` in a terminal, or connect from the editor.",
  },
  "identity-unusable": {
    status: 409,
    title: "The key file cannot be used",
    detail: "The key file {file} for {host} cannot be used: {reason}.",
    next: "Name another key with --identity.",
  },
  "ssh-config-invalid": {
    status: 409,
    title: "The SSH configuration cannot be read",
    detail: "`ssh -G {alias}` failed: {reason}.",
    next: "Correct the address, or ~/.ssh/config on the service's machine.",
  },
  "ssh-unsupported": {
    status: 409,
    title: "This SSH setting is not supported",
    detail: "{host} needs {what}.",
    next: "What helps: {advice}",
  },
  "host-shell-failed": {
    status: 502,
    title: "The host's shell does not work",
    detail: "{host} ran no POSIX shell: {reason}.",
    next: "Check that /bin/sh exists there and the login is allowed to run commands.",
  },
  "host-sessions-taken": {
    status: 503,
    title: "All of the host's sessions are taken",
    detail:
      "{host} has {sessions} sessions open for this service and takes no more; none became free within {waitedMs} ms.",
    next: "Wait until a job there ends, or raise MaxSessions in its sshd_config.",
  },
  "agent-away": {
    status: 502,
    title: "The host's agent is not connected",
    detail: "{host} is reached by its agent only, and that is not connected to the service.",
    next: "Start it on the machine: `hwledger-agent run`, or `hwledger-agent install` so that it starts by itself. If it never joined: `hwledger token create --agent {host}` gives it a link.",
  },
  "agent-not-installed": {
    status: 502,
    title: "The agent could not be installed",
    detail: "On {host}: {reason}. {advice}",
    next: "When that is mended, install it again; `hwledger host show {host}` tells how the host stands.",
  },
  "host-shell-noisy": {
    status: 502,
    title: "The host's login scripts print without end",
    detail: "{host} got no shell to work: its login scripts print and do not come to an end ({reason}).",
    next: "Look into ~/.bashrc, ~/.zshrc, ~/.config/fish/config.fish or ~/.ssh/rc of that login for what prints or waits.",
  },
  "host-connection-lost": {
    status: 502,
    title: "The connection to the host broke",
    detail: "The connection to {host} broke: {reason}.",
    next: "A job that runs there runs on, and is followed again by itself; one that did not start is to be dispatched again. `hwledger host show {host}` tells how the host stands.",
  },
  "host-disk-full": {
    status: 507,
    title: "The host's disk is full",
    detail: "{host} has no space left in {directory}: {reason}.",
    next: "Free space there and dispatch again.",
  },
  "host-local-unsupported": {
    status: 409,
    title: "This machine cannot be a host",
    detail: "Jobs need a POSIX shell, which {platform} does not have.",
    next: "Add a Linux or macOS machine, or WSL, with `hwledger host add`.",
  },
} as const satisfies Record<string, ProblemKind>;
