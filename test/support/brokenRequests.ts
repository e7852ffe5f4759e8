import { createHash, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { certificateRequest } from "./certificates.ts";
import {
  bytesOf,
  der,
  derNumber,
  oids,
  pemOf,
  requestOf,
  rsaKey,
  signedBy,
  tags,
  type RequestParts,
} from "./der.ts";

const label = "CERTIFICATE REQUEST";
/** What a join's body takes at most, in characters. */
export const longestRequest = 16_384;

/** Certificate requests that nobody may be let in by, with what is wrong with each. */
export function brokenRequests(): [string, string][] {
  const { csrPem, keyPem } = certificateRequest();
  return [...brokenPem(csrPem), ...brokenDer(csrPem), ...brokenKeys(keyPem), ...brokenParts(keyPem)];
}

function brokenPem(csrPem: string): [string, string][] {
  const begin = `-----BEGIN ${label}-----\n`;
  return [
    ["nothing", ""],
    ["a NUL", "\0"],
    ["no end", csrPem.slice(0, csrPem.indexOf("-----END"))],
    ["no begin", csrPem.slice(csrPem.indexOf("\n") + 1)],
    ["another end", csrPem.replace(`END ${label}`, "END CERTIFICATE")],
    ["another label", csrPem.replaceAll(label, "RSA PRIVATE KEY")],
    ["two blocks, the first empty", `${begin}-----END ${label}-----\n${csrPem}`],
    ["a NUL in its middle", csrPem.slice(0, 300) + "\0" + csrPem.slice(300)],
    ["a letter that is no base64", csrPem.slice(0, 300) + "!" + csrPem.slice(301)],
    ["letters of other scripts", csrPem.slice(0, 300) + "\u0661\ud83d\ude00" + csrPem.slice(304)],
    ["a header", csrPem.replace("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\n")],
    // Texts that take a careless pattern very long.
    ["begins and blank lines", (begin.repeat(200) + "\n".repeat(longestRequest)).slice(0, longestRequest)],
    ["blank lines alone", begin + "\n".repeat(longestRequest - begin.length)],
    ["blanks alone", " ".repeat(longestRequest)],
    ["dashes alone", "-".repeat(longestRequest)],
    ["base64 without end", (begin + "A".repeat(longestRequest)).slice(0, longestRequest)],
    ["padding alone", `${begin}${"=".repeat(1_000)}\n-----END ${label}-----\n`],
  ];
}

function brokenDer(csrPem: string): [string, string][] {
  const whole = bytesOf(csrPem);
  const cases: [string, Buffer][] = [
    ["no bytes", Buffer.alloc(0)],
    ["one byte", Buffer.from([0x30])],
    ["an empty sequence", der(tags.sequence)],
    ["bytes behind its end", Buffer.concat([whole, Buffer.from("more")])],
    ["a length of 4 GiB", Buffer.from("3084ffffffff3082", "hex")],
    ["a length of 126 bytes", Buffer.concat([Buffer.from([0x30, 0xfe]), Buffer.alloc(126, 0xff)])],
    ["a length that is reserved", Buffer.from([0x30, 0xff, 0x00])],
    ["a length without end, never closed", Buffer.concat([Buffer.from([0x30, 0x80]), whole])],
    ["sequences in sequences", Buffer.from("3080".repeat(5_000), "hex")],
    [
      "a certificate's shape",
      der(tags.sequence, der(tags.sequence), der(tags.sequence), der(tags.bitString)),
    ],
    ["chance", randomBytes(500)],
    ["zeros", Buffer.alloc(5_000)],
  ];
  for (const share of [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    cases.push([`${share * 100} % of it`, whole.subarray(0, Math.floor(whole.length * share))]);
  return cases.map(([what, bytes]) => [what, pemOf(label, bytes)]);
}

function brokenKeys(keyPem: string): [string, string][] {
  const { n, e } = createPublicKey(keyPem).export({ format: "jwk" });
  const modulus = BigInt(`0x${Buffer.from(n ?? "", "base64url").toString("hex")}`);
  const exponent = BigInt(`0x${Buffer.from(e ?? "", "base64url").toString("hex")}`);
  const long = (bits: number): bigint =>
    (1n << BigInt(bits - 1)) | BigInt(`0x${randomBytes(64).toString("hex")}`) | 1n;
  const raw = (value: Buffer): Buffer => der(tags.integer, value);
  const anyFor = (bits: number) => (): Buffer => randomBytes(bits / 8);
  const keys: [string, Buffer, RequestParts["sign"]][] = [
    ["a key of one bit", rsaKey(1n, exponent), anyFor(8)],
    ["a key of nothing", rsaKey(0n, 0n), anyFor(8)],
    ["a key of 2047 bits", rsaKey(modulus >> 1n, exponent), anyFor(2_048)],
    ["a key of 16384 bits", rsaKey(long(16_384), 65_537n), anyFor(16_384)],
    ["a key of 40000 bits", rsaKey(long(40_000), 65_537n), anyFor(8)],
    ["an even modulus", rsaKey(modulus - 1n, exponent), anyFor(2_048)],
    ["an even exponent", rsaKey(modulus, 65_536n), signedBy(keyPem)],
    ["an exponent of 0", rsaKey(modulus, 0n), anyFor(2_048)],
    ["an exponent of 1, whose signatures anybody can make", rsaKey(modulus, 1n), bareSignature],
    ["an exponent as long as the modulus", rsaKey(long(8_192), long(8_192) - 2n), anyFor(8_192)],
    [
      "a negative exponent",
      der(tags.sequence, derNumber(modulus), raw(Buffer.from([0x81, 1, 1]))),
      anyFor(2_048),
    ],
    ["an empty modulus", der(tags.sequence, raw(Buffer.alloc(0)), derNumber(exponent)), anyFor(2_048)],
    ["a key that is no sequence", Buffer.from("0102030405", "hex"), anyFor(2_048)],
  ];
  return keys.map(([what, key, sign]) => [what, pemOf(label, requestOf({ key, sign }))]);
}

/** What a signature holds before any key is applied (RFC 8017 9.2): with an exponent of 1 it is the signature. */
function bareSignature(info: Buffer): Buffer {
  const digest = Buffer.concat([
    Buffer.from("3031300d060960864801650304020105000420", "hex"),
    createHash("sha256").update(info).digest(),
  ]);
  const padding = Buffer.alloc(256 - 3 - digest.length, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), digest]);
}

function brokenParts(keyPem: string): [string, string][] {
  const { n } = createPublicKey(keyPem).export({ format: "jwk" });
  const key = rsaKey(BigInt(`0x${Buffer.from(n ?? "", "base64url").toString("hex")}`), 65_537n);
  const parts = { key, sign: signedBy(keyPem) };
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const wrong: [string, RequestParts][] = [
    ["a key of a kind that nobody knows", { ...parts, keyOid: oids.nobodys }],
    ["a signature of a kind that nobody knows", { ...parts, signatureOid: oids.nobodys }],
    [
      "an EC key under RSA's name",
      { ...parts, key: curve.publicKey.export({ type: "spki", format: "der" }) },
    ],
    ["another's signature", { ...parts, sign: signedBy(certificateRequest().keyPem) }],
    ["no signature", { ...parts, sign: () => Buffer.alloc(0) }],
    ["a signature of one byte", { ...parts, sign: () => Buffer.from([1]) }],
    ["a signature of zeros", { ...parts, sign: () => Buffer.alloc(256) }],
    [
      "a version that is a text",
      { ...parts, version: der(tags.octetString, Buffer.from("1")), sign: () => Buffer.alloc(256) },
    ],
  ];
  return wrong.map(([what, one]) => [what, pemOf(label, requestOf(one))]);
}

/** Requests that are unusual and right, or wrong in what does not matter: each must be taken. */
export function unusualRequests(): [string, string][] {
  const { csrPem, keyPem } = certificateRequest();
  const { n } = createPublicKey(keyPem).export({ format: "jwk" });
  const modulus = Buffer.from(n ?? "", "base64url");
  const key = rsaKey(BigInt(`0x${modulus.toString("hex")}`), 65_537n);
  const parts = { key, sign: signedBy(keyPem) };
  const unsigned = der(tags.sequence, der(tags.integer, modulus), derNumber(65_537n));
  const named = (commonName: Buffer): string => pemOf(label, requestOf({ ...parts, commonName }));
  return [
    ["CRLF", csrPem.replace(/\r?\n/g, "\r\n")],
    ["LF", csrPem.replace(/\r?\n/g, "\n")],
    ["one long line", pemOf(label, bytesOf(csrPem)).replace(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, "")],
    ["blanks around it", `\n  \n${csrPem}\n\n`],
    ["words around it, as of `openssl req -text`", `Certificate Request:\n    Data:\n${csrPem}more\n`],
    ["a second block behind it", csrPem + certificateRequest().csrPem],
    ["an older label", csrPem.replaceAll(label, "NEW CERTIFICATE REQUEST")],
    ["a modulus that reads as negative", pemOf(label, requestOf({ ...parts, key: unsigned }))],
    ["a NUL in its name", named(Buffer.from("ad\0min"))],
    ["a very long name", named(Buffer.alloc(8_000, "a"))],
    ["a name that is no UTF-8", named(Buffer.from([0xff, 0xfe, 0xc0, 0x80]))],
  ];
}
