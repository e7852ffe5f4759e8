import type { ProblemKind } from "./problemKind.ts";

/** Problems of who somebody is. */
export const identityProblems = {
  "no-certificate": {
    status: 401,
    title: "A client certificate is needed",
    detail: "The connection showed no certificate.",
    next: "Join the fleet with a join link: `hwledger join LINK`.",
  },
  "certificate-refused": {
    status: 401,
    title: "The certificate is not accepted",
    detail: "{reason}",
    next: "Join the fleet again with a fresh join link.",
  },
  "role-insufficient": {
    status: 403,
    title: "Your role may not do this",
    detail: "This needs {needed}; {member} is {role}.",
    next: "Ask an admin of the fleet for that role; an admin gives it by `hwledger user role {member} ROLE`.",
  },
  "certificate-expired": {
    status: 401,
    title: "The certificate has run out",
    detail: "The membership of {member} ran out at {at}.",
    next: "Run `hwledger renew`: once an admin has approved it, {member} is back.",
  },
  "approval-needed": {
    status: 403,
    title: "An admin has to let you back in",
    detail:
      "The membership of {member} ran out; an admin can see now that {member} asks to come back, with the code {code}.",
    next: "Tell an admin the code, who runs `hwledger user approve {member} {code}`; then try again.",
  },
  "another-asks": {
    status: 409,
    title: "Somebody else asks to come back by that name",
    detail: "Another key asks to come back as {member} already. It is not yours.",
    next: "Tell an admin, who makes a link that brings you back: `hwledger token create --member {member}`.",
  },
  "agent-mismatch": {
    status: 403,
    title: "An agent may speak for its own host only",
    detail: "The certificate is of the agent of {own}; the request is about {host}.",
    next: "Use the certificate of that host's agent.",
  },
  "token-unknown": {
    status: 403,
    title: "The join token is not known",
    detail: "It is not one of this fleet's.",
    next: "Check that the link is whole, or ask an admin for a fresh one: `hwledger token create --role ROLE`.",
  },
  "token-used": {
    status: 403,
    title: "The join link was used already",
    detail: "{reason}",
    next: "Ask an admin for a fresh link: `hwledger token create --role ROLE`.",
  },
  "token-expired": {
    status: 403,
    title: "The join link has run out",
    detail: "It could be used until {at}.",
    next: "Ask an admin for a fresh link: `hwledger token create --role ROLE`.",
  },
  "token-revoked": {
    status: 403,
    title: "The join link was withdrawn",
    detail: "An admin withdrew it before it was used.",
    next: "Ask an admin for a fresh link: `hwledger token create --role ROLE`.",
  },
  "token-wrong-role": {
    status: 403,
    title: "The join link is for something else",
    detail: "It lets in {role}; {wanted} tried to use it.",
    next: "Use it where it is meant for, or ask an admin for another link.",
  },
  "token-not-found": {
    status: 404,
    title: "There is no such join link",
    detail: "No link has the id {token}.",
    next: "`hwledger token ls` lists those there are.",
  },
  "member-not-found": {
    status: 404,
    title: "There is no such member",
    detail: "Nobody in the fleet is called {member}.",
    next: "`hwledger user ls` lists the members.",
  },
  "member-revoked": {
    status: 409,
    title: "The membership was revoked",
    detail: "{member} is no longer a member of the fleet.",
    next: "Let them join again as a new member: `hwledger token create --role ROLE`.",
  },
  "member-is-agent": {
    status: 409,
    title: "An agent has no other role",
    detail: "{member} is the agent of a host.",
    next: "Revoke it, or remove its host.",
  },
  "nobody-asks": {
    status: 409,
    title: "There is nothing to approve",
    detail: "{member} does not ask to come back with the code {code}.",
    next: "A member whose certificate has run out asks by `hwledger renew`, which says its code; `hwledger user ls` shows it too.",
  },
  "last-admin": {
    status: 409,
    title: "Nobody would be left to look after the fleet",
    detail: "{member} is the only admin.",
    next: "Make somebody else an admin first: `hwledger user role NAME admin`.",
  },
  "rotation-under-way": {
    status: 409,
    title: "A rotation is under way already",
    detail: "The next certificate authority was made and does not sign yet.",
    next: "Wait until it signs; `hwledger ca show` tells how far it is.",
  },
  "rotation-cuts-off": {
    status: 409,
    title: "That would cut members off",
    detail: "{members} would no longer find the service: they know none of the authorities it then shows.",
    next: "Wait until they have fetched the newer ones (`hwledger ca show`), or revoke who is gone; `--force` cuts them off.",
  },
  "csr-invalid": {
    status: 422,
    title: "The certificate request is not valid",
    detail: "{reason}",
    next: "Send a PEM certificate request signed by its own key.",
  },
  "csr-key-unsupported": {
    status: 422,
    title: "The key type is not supported",
    detail:
      "The certificate request must use an RSA key of 2048 to 8192 bits with the usual exponent, 65537.",
    next: "Make an RSA key and try again.",
  },
} as const satisfies Record<string, ProblemKind>;
