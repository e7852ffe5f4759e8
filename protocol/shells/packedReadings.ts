import { deflateRawSync, inflateRawSync } from "node:zlib";
import { maxReadingBytes } from "../agentLink.ts";

/** Most bytes that a dictionary can hold (RFC 1951 §2: distances go back so far). */
const dictionaryBytes = 32_768;

/** Packs texts that are like the one before, or unpacks them; both ends see the same ones in the same order. */
export interface PackedReadings {
  pack(text: string): Buffer;
  /** Throws where the bytes are none, or too many come out of them. */
  unpack(bytes: Uint8Array): string;
}

/** One end of a connection: each text is deflated with the one before as its dictionary, so that what stays the same costs nothing. */
export function createPackedReadings(): PackedReadings {
  let dictionary: Buffer | undefined;
  const known = (): { dictionary: Buffer } | object => (dictionary === undefined ? {} : { dictionary });
  const follow = (text: Buffer): void => {
    dictionary = text.subarray(-dictionaryBytes);
  };
  return {
    pack(text) {
      const bytes = Buffer.from(text, "utf8");
      const packed = deflateRawSync(bytes, { level: 6, ...known() });
      follow(bytes);
      return packed;
    },
    unpack(packed) {
      const bytes = inflateRawSync(packed, { maxOutputLength: maxReadingBytes, ...known() });
      follow(bytes);
      return bytes.toString("utf8");
    },
  };
}
