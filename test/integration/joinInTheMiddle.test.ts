import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createJoining } from "../../extension/core/createJoining.ts";
import { createMembership } from "../../extension/core/createMembership.ts";
import { openFleetSession } from "../../extension/core/openFleetSession.ts";
import { secretPendingJoin } from "../../extension/vscode/secretProfiles.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { formatJoinLink, parseJoinLink } from "../../protocol/joinLink.ts";
import type { FleetCa } from "../../service/pki/caFiles.ts";
import {
  certificateSha256,
  makeCa,
  publicKeyPemOf,
  rsaKeyPem,
  signCertificate,
} from "../../service/pki/x509.ts";
import { certificateRequest, serverCertificate } from "../support/certificates.ts";
import { aSecretStore } from "../support/secretStore.ts";
import { aStore, aWire, profile } from "../support/handPlayedFleet.ts";
import { refusalOf } from "../support/refusalOf.ts";
import { startImpostor, type Face, type Impostor } from "../support/startImpostor.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { cliJson } from "./cliFixture.ts";

const relay: Face = { kind: "relay" };

/** Certificates of those who do not hold the CA's key, each with a key that they do hold. */
const impostures: Record<string, (genuine: FleetCa, service: TestService) => Face | Promise<Face>> = {
  "with a CA of its own that bears our names": (genuine) => own(serverOf(namesake(genuine))),
  "with a self-signed certificate that names our service": (genuine) => own(selfSigned(genuine)),
  "with the genuine CA behind a certificate of its own CA": (genuine) => {
    const { certificatePem, keyPem } = serverOf(namesake(genuine));
    const [leaf = ""] = certificatePem.split(/(?<=-----END CERTIFICATE-----\r?\n)/);
    return own({ certificatePem: leaf + genuine.certificatePem, keyPem });
  },
  "with the genuine CA behind a self-signed certificate": (genuine) => {
    const { certificatePem, keyPem } = selfSigned(genuine);
    return own({ certificatePem: certificatePem + genuine.certificatePem, keyPem });
  },
  "with the genuine CA, in whose name another key has signed": (genuine) =>
    own(serverOf({ ...genuine, keyPem: rsaKeyPem(3072) })),
  "with the genuine CA and the certificate of a member": async (genuine, service) => {
    const { certificatePem, keyPem } = await service.member("admin");
    return own({ certificatePem: certificatePem + genuine.certificatePem, keyPem });
  },
  "with the genuine CA and a certificate of its for something else": (genuine) => {
    const keyPem = rsaKeyPem(2048);
    const facts = {
      publicKeyPem: publicKeyPemOf(keyPem),
      commonName: "hwLedger Fleet service",
      uri: `spiffe://${genuine.fleetId}/user/service`,
      addresses: ["127.0.0.1"],
      usage: "server" as const,
      lifetimeMs: 3_600_000,
    };
    const leaf = signCertificate(genuine, facts, Date.now());
    return own({ certificatePem: leaf + genuine.certificatePem, keyPem });
  },
};

function own(shown: { certificatePem: string; keyPem: string }): Face {
  return { kind: "own", ...shown };
}

function namesake({ fleetId, fingerprint }: FleetCa): FleetCa {
  return { fleetId, fingerprint, ...makeCa(fleetId, Date.now()) };
}

function serverOf(ca: FleetCa): { certificatePem: string; keyPem: string } {
  return serverCertificate(ca);
}

function selfSigned({ fleetId }: FleetCa): { certificatePem: string; keyPem: string } {
  const names = `subjectAltName=URI:spiffe://${fleetId}/service,IP:127.0.0.1,DNS:localhost`;
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-days", "30"];
  const subject = ["-subj", "/CN=hwLedger Fleet service", "-addext", names];
  const both = execFileSync("openssl", [...made, ...subject], { encoding: "utf8", stdio: "pipe" });
  const at = both.indexOf("-----BEGIN CERTIFICATE-----");
  return { keyPem: both.slice(0, at), certificatePem: both.slice(at) };
}

describe("joining through somebody in the middle", function () {
  this.timeout(60_000);
  let service: TestService;
  let genuine: FleetCa;
  const impostors: Impostor[] = [];

  before(async () => {
    service = await startTestService();
    genuine = JSON.parse(readFileSync(join(service.home, "keys", "ca.json"), "utf8")) as FleetCa;
  });
  after(async () => {
    for (const impostor of impostors) await impostor.end();
    await service.end();
  });

  async function between(...faces: Face[]): Promise<Impostor> {
    const impostor = await startImpostor({ port: service.port, caPem: service.owner.caPem }, faces);
    impostors.push(impostor);
    return impostor;
  }

  function linkThrough(impostor: Impostor, link: string): string {
    return formatJoinLink({ ...parseJoinLink(link), url: `https://127.0.0.1:${impostor.port}` });
  }

  /** It was there, and read nothing: not a byte, so neither token nor request. */
  function assertSawNothing(impostor: Impostor, faces: readonly Face[], secrets: readonly string[]): void {
    assert.ok(impostor.handshakes() >= 1, "it never showed its certificate");
    assert.ok(impostor.connections() >= faces.length, "the joiner did not come so far");
    const { decrypted, relayed } = impostor.seen();
    for (const secret of secrets) {
      assert.ok(secret.length >= 20);
      for (const bytes of [decrypted, relayed]) assert.equal(bytes.includes(secret), false);
    }
    assert.equal(decrypted.toString(), "");
  }

  /** Text of a request as it stands in JSON on the wire, and without its line ends. */
  function textsOf(csrPem: string): string[] {
    return [JSON.stringify(csrPem).slice(1, -1), csrPem.split(/\r?\n/)[1] ?? ""];
  }

  function commandLineHome(): string {
    const home = join(service.home, randomUUID());
    mkdirSync(home, { mode: 0o700 });
    return home;
  }

  for (const [who, imposture] of Object.entries(impostures))
    for (const when of ["from the first", "at the second"] as const)
      it(`${who}, ${when} connection, gives it neither token nor request`, async () => {
        const face = await imposture(genuine, service);
        const faces = when === "from the first" ? [face] : [relay, face];

        const link = await service.link("viewer");
        const request = certificateRequest();
        const first = await between(...faces);
        const refusal = await refusalOf(joinFleet(linkThrough(first, link), { name: "ada", request }));
        assert.equal(refusal.code, "service-untrusted", refusal.message);
        assertSawNothing(first, faces, [parseJoinLink(link).token, ...textsOf(request.csrPem)]);

        const home = commandLineHome();
        const second = await between(...faces);
        const told = await cliJson({ home }, "join", linkThrough(second, link), "--name", "grace");
        const { code } = told.document["problem"] as { code: string };
        assert.deepEqual([told.code, code], [3, "service-untrusted"], JSON.stringify(told.document));
        const kept = JSON.parse(readFileSync(join(home, "joining.json"), "utf8")) as { csrPem: string };
        assertSawNothing(second, faces, [parseJoinLink(link).token, ...textsOf(kept.csrPem)]);

        // The link is still whole: the same command line comes in by the straight way.
        assert.equal((await cliJson({ home }, "join", link, "--name", "grace")).code, 0);
      });

  describe("by a link of a stranger's, whose own CA bears the fleet's id", () => {
    let stranger: FleetCa;
    before(() => {
      const { certificatePem, keyPem } = makeCa(genuine.fleetId, Date.now());
      stranger = { ...genuine, certificatePem, keyPem, fingerprint: certificateSha256(certificatePem) };
    });

    async function strangersLink(...faces: Face[]): Promise<{ impostor: Impostor; link: string }> {
      const impostor = await between(...faces);
      const link = linkThrough(impostor, await service.link("viewer"));
      return {
        impostor,
        link: formatJoinLink({ ...parseJoinLink(link), caFingerprint: stranger.fingerprint }),
      };
    }

    for (const [how, last] of [
      ["answers itself", () => own(serverOf(stranger))],
      ["passes on what comes after the first contact", () => relay],
    ] as const)
      it(`is refused to a member before anything is sent, where it ${how}`, async () => {
        const faces = [own(serverOf(stranger)), last()];
        const member = await service.member("viewer");
        const home = commandLineHome();
        const identityFile = join(home, "identity.json");
        writeFileSync(identityFile, JSON.stringify(member), { mode: 0o600 });
        const cliLink = await strangersLink(...faces);
        const told = await cliJson({ home }, "join", cliLink.link, "--name", "grace");
        assert.equal((told.document["problem"] as { code: string }).code, "fleet-differs");
        assert.deepEqual(JSON.parse(readFileSync(identityFile, "utf8")), member);
        assertSawNothing(cliLink.impostor, faces, [parseJoinLink(cliLink.link).token]);

        const kept = { ...profile(member, "my lab"), home: "/data" };
        const store = aStore([kept]);
        const editorLink = await strangersLink(...faces);
        const refusal = await refusalOf(editor(store).join(editorLink.link));
        assert.equal(refusal.code, "fleet-differs", refusal.message);
        assert.deepEqual(await store.read(), [kept]);
        assertSawNothing(editorLink.impostor, faces, [parseJoinLink(editorLink.link).token]);
      });

    it("is none that the editor takes for the membership's, as the fleet's own are", async () => {
      const joining = editor(aStore([profile(await service.member("viewer"), "my lab")]));
      assert.equal((await joining.known(await service.link("viewer")))?.label, "my lab");
      assert.equal(await joining.known((await strangersLink(relay)).link), null);
    });
  });

  it("goes on with the same key in another window of the editor, after an answer was lost, and keeps it no longer", async () => {
    const link = await service.link("viewer");
    const secrets = aSecretStore();
    const request = certificateRequest();
    const { token } = parseJoinLink(link);
    await joinFleet(link, { name: "grace", request }); // whose answer the first window did not see
    await secretPendingJoin(secrets).write({ token, ...request });
    const session = await editor(aStore([]), secrets).join(link);
    assert.equal(session.identity.keyPem, request.keyPem);
    assert.equal(secrets.held.size, 0);
    await assert.rejects(editor(aStore([]), secrets).join(link)); // used by another key
    assert.equal(secrets.held.size, 0);
    const nobody = formatJoinLink({ ...parseJoinLink(link), url: "https://127.0.0.1:1" });
    await refusalOf(editor(aStore([]), secrets).join(nobody));
    assert.equal(secrets.held.size, 1, "a try whose end nobody knows has lost its key");

    const home = commandLineHome();
    assert.equal((await cliJson({ home }, "join", link)).code, 4);
    assert.deepEqual(readdirSync(home), []);
  });

  function editor(
    store: ReturnType<typeof aStore>,
    secrets = aSecretStore(),
  ): ReturnType<typeof createJoining> {
    const membership = createMembership({
      store,
      active: { get: () => null, set: () => undefined },
      openSession: (identity) => openFleetSession(aWire().needs(identity)),
      wasStopped: () => false,
    });
    return createJoining({ membership, pending: secretPendingJoin(secrets), name: () => "grace" });
  }

  it("is seen by one who holds the CA's key, so that these tests would notice", async () => {
    for (const faces of [[own(serverOf(genuine))], [relay, own(serverOf(genuine))]]) {
      const link = await service.link("viewer");
      const request = certificateRequest();
      const impostor = await between(...faces);
      const member = await joinFleet(linkThrough(impostor, link), { name: "eve", request });
      assert.equal(member.role, "viewer");
      const { decrypted } = impostor.seen();
      for (const secret of [parseJoinLink(link).token, ...textsOf(request.csrPem)])
        assert.ok(decrypted.includes(secret), secret);
      assert.throws(() => assertSawNothing(impostor, faces, [parseJoinLink(link).token]));
    }
  });

  it("passes through one who only passes on, who reads nothing", async () => {
    const link = await service.link("viewer");
    const impostor = await between(relay);
    const member = await joinFleet(linkThrough(impostor, link), { name: "bob" });
    assert.equal(member.role, "viewer");
    const { relayed, decrypted } = impostor.seen();
    assert.ok(relayed.length > 1_000 && decrypted.length === 0);
    assert.equal(relayed.includes(parseJoinLink(link).token), false);
  });
});
