import assert from "node:assert/strict";
import { oneAddress } from "../../service/main.ts";
import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { serverAddresses } from "../../service/pki/createServerTls.ts";
import { makeCa, publicKeyPemOf, rsaKeyPem, signCertificate } from "../../service/pki/x509.ts";

describe("where the service listens", () => {
  it("is one address, also for the name that Fastify knows several of", () => {
    assert.deepEqual(["localhost", "LocalHost.", "::1", "box.lan"].map(oneAddress), [
      "127.0.0.1",
      "127.0.0.1",
      "::1",
      "box.lan",
    ]);
  });
});

describe("the addresses in the service's certificate", function () {
  this.timeout(60_000);
  const always = ["127.0.0.1", "::1", "localhost"];
  const nowMs = Date.now();
  let ca: ReturnType<typeof makeCa>;
  let key: string;

  before(() => {
    ca = makeCa("f-1", nowMs);
    key = rsaKeyPem(2048);
  });

  /** The certificate of a service that listens there, as OpenSSL reads it. */
  function shown(listenAddress: string): X509Certificate {
    const pem = signCertificate(
      ca,
      {
        publicKeyPem: publicKeyPemOf(key),
        commonName: "service",
        uri: "spiffe://f-1/service",
        addresses: serverAddresses(listenAddress),
        usage: "server",
        lifetimeMs: 60_000,
      },
      nowMs,
    );
    createSecureContext({ key, cert: pem, ca: ca.certificatePem });
    return new X509Certificate(pem);
  }

  for (const address of [
    "10.0.0.7",
    "fd00::7",
    "fd00::",
    "2001:DB8:0:0:1:0:0:12",
    "1:2:3:4:5:6:7:8",
    "::ffff:10.0.0.7",
    "64:ff9b::192.0.2.33",
  ])
    it(`are those of a service that listens on ${address}`, () => {
      const certificate = shown(address);
      for (const one of [address, "127.0.0.1", "::1"]) assert.ok(certificate.checkIP(one), one);
      assert.ok(certificate.checkHost("localhost"));
    });

  it("leave out the network card of an IPv6 address", () => {
    for (const zone of ["eth0", "-a", "1"]) assert.ok(shown(`fe80::7%${zone}`).checkIP("fe80::7"), zone);
  });

  it("are names as they are", () => {
    assert.ok(shown("gpu-box.lan").checkHost("gpu-box.lan"));
    assert.ok(shown("gpu_box").subjectAltName?.includes("DNS:gpu_box"));
  });

  it("hold nothing of a text that is no address", () => {
    // Of two digits such as `-a` a byte was made that does not fit into one, and of that a PEM that cannot be read.
    for (const text of ["https://fleet/?token=-a-b", "hwledger://join?ca=1", "a b", "a\nb", "%eth0", ""]) {
      assert.deepEqual(serverAddresses(text), always, text);
      assert.ok(shown(text).checkHost("localhost"), text);
    }
  });
});
