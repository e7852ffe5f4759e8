import assert from "node:assert/strict";
import { followBundle, isAnchored } from "../../protocol/client/caChain.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { upkeepDue } from "../../protocol/client/tendIdentity.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { CaBundle, CaRecord, CaState } from "../../protocol/ca.ts";
import {
  certificateSha256,
  crossSignCa,
  makeCa,
  makeNextCa,
  type KeyedCertificate,
} from "../../service/pki/x509.ts";
import { userCertificate } from "../support/certificates.ts";
import { X509Certificate } from "node:crypto";
import type { PeerCertificate } from "node:tls";

const dayMs = 86_400_000;
const nowMs = Date.now();

function identity(lifetimeMs: number, ca: KeyedCertificate): Identity {
  const shown = userCertificate(ca, "spiffe://f/user/ada", lifetimeMs);
  return {
    ...shown,
    url: "https://127.0.0.1:7443",
    fleetId: "f",
    caFingerprint: certificateSha256(ca.certificatePem),
    caPem: ca.certificatePem,
    member: "ada",
    role: "viewer",
    notAfterMs: nowMs + lifetimeMs,
  };
}

describe("the upkeep of a membership", () => {
  const ca = makeCa("f", nowMs);

  it("renews at two thirds of the certificate's life, not all members at once", () => {
    const dueDays = Array.from({ length: 12 }, () => {
      const member = identity(90 * dayMs, ca);
      for (let day = 0; day < 90; day += 0.25)
        if (upkeepDue(member, nowMs + day * dayMs).certificate) return day;
      return 90;
    });
    for (const day of dueDays) assert.ok(day > 54 && day < 66, String(day));
    assert.ok(new Set(dueDays).size > 3, "all on one day");
  });

  it("looks for authorities twice a day, and when the clock went back", () => {
    const member = { ...identity(90 * dayMs, ca), bundleSeenAtMs: nowMs };
    assert.equal(upkeepDue(member, nowMs + 11 * 3_600_000).bundle, false);
    assert.equal(upkeepDue(member, nowMs + 12 * 3_600_000).bundle, true);
    assert.equal(upkeepDue(member, nowMs - 1_000).bundle, true);
    assert.equal(upkeepDue(identity(90 * dayMs, ca), nowMs).bundle, true);
  });
});

describe("following the authorities", () => {
  let cas: KeyedCertificate[];
  let bundle: (last: number, states?: CaState[]) => CaBundle;

  before(async function () {
    this.timeout(60_000);
    const first = makeCa("f", nowMs);
    const [second, third] = [await makeNextCa("f", 2, nowMs), await makeNextCa("f", 3, nowMs)];
    cas = [first, second, third];
    const crosses = [
      null,
      crossSignCa(first, second.certificatePem, "f", nowMs),
      crossSignCa(second, third.certificatePem, "f", nowMs),
    ];
    const record = (at: number, state: CaState): CaRecord => ({
      fingerprint: certificateSha256(cas[at]!.certificatePem),
      generation: at + 1,
      state,
      madeAtMs: nowMs,
      stateAtMs: nowMs,
      notAfterMs: nowMs + dayMs,
      validCertificates: 0,
      certificatePem: cas[at]!.certificatePem,
      crossPem: crosses[at] ?? null,
    });
    bundle = (last, states = ["superseded", "superseded", "issuing"]) => ({
      fleetId: "f",
      phase: "steady",
      nextRotationAtMs: nowMs,
      cas: states.slice(0, last).map((state, at) => record(at, state)),
    });
  });

  const url = "https://127.0.0.1:7443";

  it("takes over those that the trusted ones have signed, one after the other", () => {
    const followed = followBundle(cas[0]!.certificatePem, bundle(3), url);
    assert.equal(followed, cas.map(({ certificatePem }) => certificatePem).join(""));
  });

  it("drops those that are retired", () => {
    const only = { ...bundle(3), cas: bundle(3).cas.slice(1) };
    const followed = followBundle(cas[0]!.certificatePem + cas[1]!.certificatePem, only, url);
    assert.equal(followed, cas[1]!.certificatePem + cas[2]!.certificatePem);
  });

  it("takes none that nothing trusted has signed, whatever the service says", () => {
    const stranger = makeCa("f", nowMs);
    assert.throws(() => followBundle(stranger.certificatePem, bundle(3), url), /does not follow/);
    const forged = bundle(3);
    forged.cas[2] = {
      ...forged.cas[2]!,
      crossPem: crossSignCa(stranger, cas[2]!.certificatePem, "f", nowMs),
    };
    assert.throws(() => followBundle(cas[0]!.certificatePem, forged, url), /does not follow/);
    const swapped = bundle(3);
    swapped.cas[2] = { ...swapped.cas[2]!, certificatePem: stranger.certificatePem };
    assert.throws(() => followBundle(cas[0]!.certificatePem, swapped, url), /does not follow/);
    const foreignFleet = { ...bundle(3), fleetId: "g" };
    assert.throws(() => followBundle(cas[0]!.certificatePem, foreignFleet, url), /does not follow/);
  });

  it("refuses a certificate that cannot be read", () => {
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (const part of ["certificatePem", "crossPem"] as const) {
      const damaged = bundle(3);
      damaged.cas[2] = { ...damaged.cas[2]!, [part]: broken };
      assert.throws(
        () => followBundle(cas[0]!.certificatePem, damaged, url),
        (error) => error instanceof Refusal && error.code === "answer-invalid",
        part,
      );
    }
  });

  it("is not led on by a certificate of the fleet that is no authority", () => {
    const member = userCertificate(cas[0]!, "spiffe://f/user/ada");
    const mallory = userCertificate(member, "spiffe://f/service");
    const shown = {
      raw: new X509Certificate(mallory.certificatePem).raw,
      issuerCertificate: { raw: new X509Certificate(member.certificatePem).raw },
    } as unknown as PeerCertificate;
    assert.equal(isAnchored(shown, [new X509Certificate(cas[0]!.certificatePem)]), false);
  });
});
