import { createSign } from "node:crypto";

/** Tags of what a certificate request is made of. */
export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  nothing: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  attributes: 0xa0,
} as const;

/** A DER value: its tag, the shortest length, its content. */
export function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), derLength(body.length), body]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

/** A whole number that is not negative. */
export function derNumber(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return der(tags.integer, ...(bytes[0]! >= 0x80 ? [Buffer.from([0])] : []), bytes);
}

/** An object identifier, as its content bytes in hex. */
export function derOid(hex: string): Buffer {
  return der(tags.oid, Buffer.from(hex, "hex"));
}

/** A block of PEM. */
export function pemOf(label: string, bytes: Buffer, lineEnd = "\n"): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join(lineEnd);
}

/** Bytes of the first block of PEM in a text. */
export function bytesOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
}

/** Object identifiers as hex. */
export const oids = {
  rsaEncryption: "2a864886f70d010101",
  sha256WithRsa: "2a864886f70d01010b",
  commonName: "550403",
  nobodys: "2a030405",
} as const;

/** Parts of a PKCS#10 request to put together, right or wrong. */
export interface RequestParts {
  /** Content of the public key: by default modulus and exponent in a sequence. */
  key: Buffer;
  keyOid?: string;
  commonName?: Buffer;
  version?: Buffer;
  signatureOid?: string;
  /** Signature over the DER it is given. */
  sign: (info: Buffer) => Buffer;
}

/** A PKCS#10 request in DER (RFC 2986). */
export function requestOf(parts: RequestParts): Buffer {
  const { key, keyOid = oids.rsaEncryption, signatureOid = oids.sha256WithRsa } = parts;
  const nothing = der(tags.nothing);
  const commonName = der(tags.utf8, parts.commonName ?? Buffer.from("x"));
  const name = der(tags.set, der(tags.sequence, derOid(oids.commonName), commonName));
  const info = der(
    tags.sequence,
    parts.version ?? derNumber(0n),
    der(tags.sequence, name),
    der(tags.sequence, der(tags.sequence, derOid(keyOid), nothing), bitString(key)),
    der(tags.attributes),
  );
  const algorithm = der(tags.sequence, derOid(signatureOid), nothing);
  return der(tags.sequence, info, algorithm, bitString(parts.sign(info)));
}

/** An RSA public key of any numbers. */
export function rsaKey(modulus: bigint, exponent: bigint): Buffer {
  return der(tags.sequence, derNumber(modulus), derNumber(exponent));
}

/** Signs with a private key in PEM. */
export function signedBy(keyPem: string): (info: Buffer) => Buffer {
  return (info) => createSign("sha256").update(info).sign(keyPem);
}

function bitString(content: Buffer): Buffer {
  return der(tags.bitString, Buffer.from([0]), content);
}
