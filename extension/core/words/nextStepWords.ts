import type { ProblemCode } from "../../../protocol/problemCatalog.ts";

const freshLink = "Ask an admin of the fleet for a fresh join link.";

/**
 * What to do next for somebody who has the editor and no command line, where the catalogue speaks of commands. `{…}` are
 * facts of the problem.
 */
export const nextStepWords = {
  "address-in-use": "End that program, or start the service again in a moment.",
  "not-joined": "Choose “Start a Fleet on This Machine” or “Join a Fleet”.",
  "service-unreachable":
    "See whether the fleet's service runs there, and whether this machine is on its network.",
  "service-untrusted":
    "Check the address. After an absence of many months, or if the fleet was set up anew, ask an admin of the fleet for a link that brings you back, then choose “Join a Fleet”.",
  "service-stopping": "Start it again, or wait until somebody does.",
  "dispatch-unanswered": "See the Jobs view once there is contact, and cancel the job there if it runs.",
  "upload-interrupted": "Dispatch it again when the service is back.",
  "node-too-old": "Install a newer Node.js, or name one in the setting hwledger.nodePath.",
  "no-certificate": "Choose “Join a Fleet” and paste a join link.",
  "certificate-expired":
    "Ask an admin of the fleet for a link that brings you back, then choose “Join a Fleet”.",
  "approval-needed":
    "Tell an admin of the fleet the code, who finds {member} with it in the list of members; this editor is back soon after that.",
  "another-asks": "Tell an admin of the fleet, who makes a link that brings you back in the list of members.",
  "nobody-asks": "It asks when its owner renews the membership; the code is shown to both of you.",
  "rotation-cuts-off": "Wait until they have fetched the newer authorities, or revoke who is gone.",
  "rotation-under-way": "Wait until the new authority signs.",
  "fleet-differs":
    "Ask whoever gave you the link, by another way. If it is right, because the fleet was set up anew or you were away for more than a year, choose “Leave the Fleet” for the membership there is, and join again.",
  "token-unknown": freshLink,
  "token-used": freshLink,
  "token-expired": freshLink,
  "token-revoked": freshLink,
  "token-wrong-role": "Use it where it is meant for, or ask an admin of the fleet for another link.",
  "role-insufficient": "Ask an admin of the fleet to give you that role.",
  "token-not-found": "See “Open Members and Invitations” for the links that are open.",
  "member-not-found": "See “Open Members and Invitations” for who is there.",
  "member-revoked": "Choose “Invite Somebody” to let them join again as a new member.",
  "member-is-agent": "Revoke it in “Open Members and Invitations”, or remove its host.",
  "last-admin": "Make somebody else an admin first, in “Open Members and Invitations”.",
  "host-not-found": "See the Hosts view for those that are there.",
  "host-name-taken": "Choose another name, or remove the other host first.",
  "host-is-local": "It stays as long as the service runs there.",
  "host-busy": "Cancel its jobs or wait for their end, then remove it.",
  "host-key-unknown":
    "Choose “Log In to Host” and compare the fingerprint with what “ssh-keygen -lf /etc/ssh/ssh_host_{keyName}_key.pub” prints on the host.",
  "host-key-changed":
    "Ask the machine's owner. If the new key is right, remove the host and add it again, with a look at this fingerprint.",
  "host-login-refused":
    "Check the user name, and that the key of the service's machine is in the host's authorized_keys.",
  "agent-away":
    "See whether the machine is on and on the network, and whether its agent runs there. If it never joined, ask an admin of the fleet for a link for it.",
  "agent-not-installed": "When that is mended, choose “Install Agent on Host…” again.",
  "needs-login": "Right-click the host and choose “Log In to Host”.",
  "identity-unusable": "Name another key for it in ~/.ssh/config on the service's machine.",
  "host-connection-lost":
    "A job that runs there runs on, and is followed again by itself; one that did not start is to be dispatched again.",
  "host-local-unsupported": "Add a Linux or macOS machine, or WSL.",
  "no-host-fits": "Name the host that is to run it.",
  "job-not-found": "See the Jobs view for those that are there.",
  "job-ended": "It cannot be cancelled any more.",
  "no-interpreter": "Give it a first line such as #!/usr/bin/env python3, or a known file ending.",
  "script-missing": "Is it ignored by git? Stop ignoring it, and dispatch it again.",
  "workspace-too-large": "Ignore large files in .gitignore, or send the script alone.",
  "start-failed": "Test the connection to the host and dispatch again.",
  "log-not-available": "See the job in the Jobs view for how it stands.",
  usage: "Update the extension hwLedger Fleet in this editor.",
} as const satisfies Partial<Record<ProblemCode, string>>;
