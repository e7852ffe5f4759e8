import { createHash, X509Certificate } from "node:crypto";
import type { CaBundle } from "../ca.ts";
import { certificatesIn, fingerprintOf, followBundle } from "./caChain.ts";
import { problemOfError } from "../problem.ts";
import type { Identity } from "./identity.ts";
import { makeCertificateRequest } from "./makeCertificateRequest.ts";
import { createRouteClient } from "./routeClient.ts";

/** How often a member looks whether there are new authorities. */
const bundleEveryMs = 12 * 3_600_000;

/** Longest time each request of the upkeep may take. */
const silenceMs = 10_000;

/** What of a membership is due. */
export interface UpkeepDue {
  bundle: boolean;
  certificate: boolean;
}

/**
 * Whether to look for new authorities, and whether to renew the certificate: at two thirds of its life, a twentieth
 * earlier or later by chance that the certificate itself holds, so that not all members come at once.
 */
export function upkeepDue(identity: Identity, nowMs: number): UpkeepDue {
  const certificate = new X509Certificate(identity.certificatePem);
  const fromMs = certificate.validFromDate.getTime();
  const lifeMs = identity.notAfterMs - fromMs;
  const chance = createHash("sha256").update(certificate.raw).digest().readUInt16BE() / 65_535 - 0.5;
  const sinceMs = nowMs - (identity.bundleSeenAtMs ?? 0);
  return {
    bundle: sinceMs >= bundleEveryMs || sinceMs < 0,
    certificate: nowMs >= fromMs + lifeMs * (2 / 3 + chance / 10),
  };
}

/** Keeps a membership where it lies. */
export type SaveIdentity = (identity: Identity) => void | PromiseLike<void>;

/**
 * Does what is due for a membership, and keeps each step: first the authorities, which are followed by their signatures,
 * then the certificate. Returns the membership as it is then; the same object where nothing was due. Rejects with
 * `service-unreachable`, `service-untrusted` and the service's own problems; `approval-needed` where the certificate has
 * run out.
 */
export async function tendIdentity(identity: Identity, nowMs: number, save: SaveIdentity): Promise<Identity> {
  const due = upkeepDue(identity, nowMs);
  let current = identity;
  if (due.bundle) {
    current = await withAuthorities(identity, nowMs);
    await save(current);
  }
  return due.certificate ? renewIdentity(current, save) : current;
}

/** Renews a certificate now, after following the authorities. Rejects as `tendIdentity` does. */
export async function renewNow(identity: Identity, nowMs: number, save: SaveIdentity): Promise<Identity> {
  return renewIdentity(await withAuthorities(identity, nowMs), save);
}

/**
 * With the authorities of now; as it is where the certificate has run out and the token counts no more, as after a renewal
 * whose answer was lost: the renewal itself is still the way back.
 */
async function withAuthorities(identity: Identity, nowMs: number): Promise<Identity> {
  try {
    return await fetchAuthorities(identity, nowMs);
  } catch (error) {
    if (problemOfError(error).code !== "certificate-expired") throw error;
    return identity;
  }
}

/** Fetches the authorities to trust, and tells the service which these are; it notes that of a certificate in force only. */
export async function fetchAuthorities(identity: Identity, nowMs: number): Promise<Identity> {
  const client = createRouteClient(identity);
  const options = {
    silenceMs,
    ...(identity.bundleToken === undefined ? {} : { bearer: identity.bundleToken }),
  };
  const fetch = (caPem: string): Promise<CaBundle> => {
    const trusts = certificatesIn(caPem).slice(-10).map(fingerprintOf).join(",");
    return client.call("getCaBundle", { query: { trusts } }, options);
  };
  try {
    const bundle = await fetch(identity.caPem);
    const caPem = followBundle(identity.caPem, bundle, identity.url);
    if (caPem !== identity.caPem) await fetch(caPem);
    const issuing = bundle.cas.find(({ state }) => state === "issuing");
    const caFingerprint = issuing?.fingerprint ?? identity.caFingerprint;
    return { ...identity, caPem, caFingerprint, bundleSeenAtMs: nowMs };
  } finally {
    client.close();
  }
}

/**
 * Gets a certificate for a fresh key. The key is kept before it is sent, so that a try whose answer was lost, or that waits
 * for an admin, or that the signal has ended, goes on with the same. Who was away is to tell anew what it trusts, which is due with the bundle.
 */
export async function renewIdentity(
  identity: Identity,
  save: SaveIdentity,
  signal?: AbortSignal,
): Promise<Identity> {
  const request = identity.renewal ?? (await makeCertificateRequest(identity.member));
  if (identity.renewal === undefined) await save({ ...identity, renewal: request });
  const client = createRouteClient(identity);
  try {
    const body = { csrPem: request.csrPem };
    const { certificatePem, role, notAfterMs, bundleToken } = await client.call(
      "renew",
      { body },
      { silenceMs, ...(signal ? { signal } : {}) },
    );
    const { renewal: _done, bundleSeenAtMs: _told, ...rest } = identity;
    const renewed = { ...rest, certificatePem, keyPem: request.keyPem, role, notAfterMs, bundleToken };
    await save(renewed);
    return renewed;
  } finally {
    client.close();
  }
}
