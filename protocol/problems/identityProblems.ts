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
    next: "Ask an admin of the fleet for a link with the role needed.",
  },
  "token-refused": {
    status: 403,
    title: "The join token is not accepted",
    detail: "{reason}",
    next: "Ask for a fresh link: `hwledger token create --role ROLE`.",
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
