import { createPrivateKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";

/** A fresh RSA key and a certificate request signed by it, both PEM. The key never leaves the caller. */
export interface CertificateRequest {
  keyPem: string;
  csrPem: string;
}

/** Makes a 2048-bit RSA key off the main thread and a PKCS#10 request for it. The name in it decides nothing. */
export async function makeCertificateRequest(commonName: string): Promise<CertificateRequest> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { keyPem: privateKey, csrPem: requestFor(privateKey, commonName) };
}

/** A PKCS#10 request for an existing RSA key. */
export function requestFor(keyPem: string, commonName: string): string {
  // Not by forge's own PEM: the agent's bundle holds of forge only what is named here.
  const der = createPrivateKey(keyPem).export({ type: "pkcs1", format: "der" });
  const key = forge.pki.privateKeyFromAsn1(forge.asn1.fromDer(der.toString("binary")));
  const csr = forge.pki.createCertificationRequest();
  csr.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  csr.setSubject([{ name: "commonName", value: commonName }]);
  csr.sign(key, forge.md.sha256.create());
  return forge.pki.certificationRequestToPem(csr);
}
