import type { HostId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { HostReading } from "../../protocol/reading.ts";

/** Something that a screen may want to know of. Whoever listens reads the newest whole record itself. */
export type Change =
  | { kind: "host"; hostId: HostId }
  | { kind: "host-removed"; hostId: HostId }
  | { kind: "reading"; reading: HostReading }
  /** A reading from while a host's agent could not send it; not the newest. */
  | { kind: "past-reading"; reading: HostReading }
  | { kind: "job"; job: JobRecord }
  | { kind: "ledger" }
  | { kind: "prompts" }
  /** A member was revoked or has another role. */
  | { kind: "member"; member: string };

/** Tells listeners of changes, in order, after they are durable. */
export interface Changes {
  emit(change: Change): void;
  /** Returns how to stop listening. */
  listen(listener: (change: Change) => void): () => void;
}

/** A change feed inside one service. A listener that throws does not keep the others from hearing. */
export function createChanges(onListenerError: (error: unknown) => void): Changes {
  const listeners = new Set<(change: Change) => void>();
  return {
    emit(change) {
      for (const listener of [...listeners]) {
        try {
          listener(change);
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
