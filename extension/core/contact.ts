import type { StreamState } from "../../protocol/client/streamClient.ts";
import { problemOfError, type Problem } from "../../protocol/problem.ts";

/** How this program stands with the fleet's service. */
export type Contact =
  /** `sinceMs`: since when there was no contact before this try, where that is known. */
  | { kind: "connecting"; sinceMs?: number | undefined }
  | { kind: "live" }
  /** Tried again by itself. `sinceMs` is this program's clock when contact was lost, or first sought. */
  | { kind: "lost"; sinceMs: number; problem: Problem }
  /** Not tried again by itself: the service, or its certificate, said no. */
  | { kind: "refused"; sinceMs: number; problem: Problem };

/** The contact after the stream changed its state. While a lost contact is tried again it stays lost. */
export function nextContact(before: Contact, stream: StreamState, nowMs: number): Contact {
  const sinceMs = before.kind === "live" ? nowMs : (before.sinceMs ?? nowMs);
  switch (stream.kind) {
    case "connected":
      return { kind: "live" };
    case "connecting":
      if (before.kind === "lost" || before.kind === "connecting") return before;
      return { kind: "connecting", sinceMs: before.kind === "refused" ? before.sinceMs : undefined };
    case "waiting":
      return { kind: "lost", sinceMs, problem: problemOfError(stream.error) };
    case "refused":
      return { kind: "refused", sinceMs, problem: problemOfError(stream.error) };
    case "closed":
      return before;
  }
}

/** Code of the problem that stands between us and the service; null where none does. */
export function contactProblem(contact: Contact | undefined): string | null {
  return contact?.kind === "lost" || contact?.kind === "refused" ? contact.problem.code : null;
}
