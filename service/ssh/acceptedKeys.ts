import type { HostId } from "../../protocol/ids.ts";

/** Fingerprints of host keys that people accepted by a question. The store implements it. */
export interface AcceptedKeys {
  get(hostId: HostId): string | null;
  accept(hostId: HostId, fingerprint: string): void;
}
