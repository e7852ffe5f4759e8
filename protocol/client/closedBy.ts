import { Refusal } from "../problem.ts";
import { certificateRanOut } from "../stream.ts";
import type { Identity } from "./identity.ts";

/** What a WebSocket says of a connection that ended without a word. */
const brokenOff = 1006;

/** What a close code of the service says; 4001: the certificate was good when the stream opened and no longer is. */
export function closedBy({ url, member, notAfterMs }: Identity, code: number, said: string): Refusal {
  const reason = said || (code === brokenOff ? "the connection broke off" : `it hung up (${code})`);
  if (code !== 4001) return new Refusal("service-unreachable", { url, reason });
  if (said === certificateRanOut)
    return new Refusal("certificate-expired", { member, at: new Date(notAfterMs).toISOString() });
  return new Refusal("certificate-refused", { reason: "It is no longer accepted." });
}
