import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { identitySchema, type Identity } from "../protocol/client/identity.ts";
import { makeCertificateRequest } from "../protocol/client/makeCertificateRequest.ts";
import { Refusal } from "../protocol/problem.ts";
import type { HomeLayout } from "./homeLayout.ts";
import type { Authority } from "./pki/createAuthority.ts";
import type { Enrolment } from "./pki/createEnrolment.ts";
import { writePrivateFile } from "../protocol/client/writePrivateFile.ts";

/** Renewed this long before its end. */
const renewBeforeMs = 30 * 86_400_000;

/**
 * The owner's membership in the service's own data folder: made at the first start, renewed when it nears its end or hangs
 * on an authority that no longer signs; its address and the authorities it trusts kept current. Where it no longer counts
 * it is made again at a start alone: an admin who has revoked it has done so for as long as the service runs. Throws
 * `already-joined` when the folder is a member of another fleet.
 */
export async function keepOwnerIdentity(
  layout: HomeLayout,
  { authority, enrolment }: { authority: Authority; enrolment: Enrolment },
  { url, nowMs, isStart }: { url: string; nowMs: number; isStart: boolean },
): Promise<void> {
  const kept = readIdentity(layout.identityFile);
  const { fleetId, fingerprint: caFingerprint } = authority.issuing();
  if (kept && kept.fleetId !== fleetId)
    throw new Refusal("already-joined", { home: layout.directory, fleet: kept.fleetId });
  const isMember = kept !== null && enrolment.accepts(kept.certificatePem);
  const isCurrent =
    isMember &&
    new X509Certificate(kept.certificatePem).validFromDate.getTime() <= nowMs &&
    kept.notAfterMs - nowMs > renewBeforeMs &&
    kept.caFingerprint === caFingerprint;
  if (isCurrent) {
    const caPem = authority.trustedPem();
    if (kept.url !== url || kept.caPem !== caPem)
      writePrivateFile(layout.identityFile, JSON.stringify({ ...kept, url, caPem }));
    enrolment.noteTrust(kept.member);
    return;
  }
  if (!isMember && !isStart) return;
  const name = ownerName();
  const { keyPem, csrPem } = await makeCertificateRequest(name);
  const joined = isMember ? enrolment.renew(kept.member, csrPem) : enrolment.enrolOwner(name, csrPem);
  const identity: Identity = { ...joined, url, caFingerprint, keyPem };
  writePrivateFile(layout.identityFile, JSON.stringify(identity));
}

/** The membership in a file; null when there is none. */
export function readIdentity(file: string): Identity | null {
  if (!existsSync(file)) return null;
  return identitySchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

function ownerName(): string {
  return plainName(userInfo().username) || "owner";
}

/** This machine's name as a host name of the fleet. */
export function machineName(): string {
  return plainName(hostname().split(".", 1)[0] ?? "") || "this-machine";
}

function plainName(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 60);
}
