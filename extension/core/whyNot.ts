import type { Contact } from "./contact.ts";
import type { KnownHost } from "./fleetState.ts";
import { isFresh, statusText } from "./statusText.ts";
import { hostWords } from "./words/hostWords.ts";

/** Why a host cannot take a job now, or null when nothing known speaks against it. The service has the last word. */
export function whyNot(host: KnownHost | undefined, contact: Contact, nowMs: number): string | null {
  if (host === undefined) return hostWords.cannotTake;
  return isFresh(host, contact) ? null : statusText(host, contact, nowMs);
}
