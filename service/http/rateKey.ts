import type { Peer } from "../pki/identifyPeer.ts";
import { addressGroup } from "./addressGroup.ts";

/**
 * Whose requests count together: a member's, wherever it is. A certificate that has run out and a bundle token may be
 * anybody's by now: their requests count for themselves, by address, and use up nothing of the member's own.
 */
export function rateKey(peer: Peer | null, address: string): string {
  const from = `address ${addressGroup(address)}`;
  if (peer === null) return from;
  switch (peer.proof) {
    case "certificate":
      return `member ${peer.member}`;
    case "bundle-token":
      return `token of ${peer.member} ${from}`;
    case "lapsed-certificate":
      return `certificate ${peer.certificateSha256} ${from}`;
  }
}
