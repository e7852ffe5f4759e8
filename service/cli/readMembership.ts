import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Identity } from "../../protocol/client/identity.ts";
import { problemOf, RemoteProblem } from "../../protocol/problem.ts";
import { readIdentity } from "../ownerIdentity.ts";

/**
 * The membership in a file, with keys and certificates that can be used; null when there is none. Throws the problem
 * `not-joined` where the file is damaged, and what the file system says where it cannot be read.
 */
export function readMembership(file: string): Identity | null {
  try {
    const identity = readIdentity(file);
    if (identity === null) return null;
    createPrivateKey(identity.keyPem);
    for (const pem of [identity.caPem, identity.certificatePem]) new X509Certificate(pem);
    if (new URL(identity.url).protocol !== "https:") throw new TypeError("its address is no https address");
    return identity;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall !== undefined)
      throw Object.assign(cause as Error, { path: file });
    throw damaged(file);
  }
}

function damaged(file: string): RemoteProblem {
  return new RemoteProblem({
    ...problemOf("not-joined", { file }),
    title: "The membership file is damaged",
    detail: `${file} cannot be read as the membership of a fleet.`,
    next: `Move it away. Then \`hwledger up\` makes it anew where the service runs; elsewhere join again with a fresh link.`,
  });
}
