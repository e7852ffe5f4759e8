import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { SecureContextOptions, Server } from "node:tls";
import { joinServerName, serviceUri } from "../../protocol/ca.ts";
import type { Authority } from "./createAuthority.ts";
import { lifetimes, publicKeyPemOf, rsaKeyPem, signCertificate } from "./x509.ts";

/** What the service's own certificate is made from. */
export interface ServerTlsNeeds {
  authority: Pick<Authority, "fleetId" | "issuing" | "trustedPem" | "crossPem" | "joinPaths">;
  /** Names and addresses by which the service can be reached now. */
  addresses: () => readonly string[];
  now: () => number;
}

/** The service's side of TLS: its certificate, and the authorities whose members it knows. */
export interface ServerTls {
  /** Key, certificates and authorities as they are now. */
  context(): SecureContextOptions;
  /** Makes a fresh certificate where one is due. `anew`: in any case. Returns whether there is something to apply. */
  freshen(anew?: boolean): boolean;
  /** Gives a server what there is now, without dropping a connection. */
  applyTo(server: Server): void;
}

/** Makes certificates of 30 days, and the next at two thirds of that, or when names or addresses have changed. */
export function createServerTls({ authority, addresses, now }: ServerTlsNeeds): ServerTls {
  let madeAtMs = 0;
  let key = "";
  let leaf = "";
  let named: readonly string[] = [];

  function make(): void {
    madeAtMs = now();
    key = rsaKeyPem(2048);
    named = addresses();
    leaf = signCertificate(
      authority.issuing(),
      {
        publicKeyPem: publicKeyPemOf(key),
        commonName: "hwLedger Fleet service",
        uri: serviceUri(authority.fleetId),
        addresses: [...named],
        usage: "server",
        lifetimeMs: lifetimes.serverMs,
      },
      madeAtMs,
    );
  }

  const context = (): SecureContextOptions => ({
    key,
    cert: leaf + authority.crossPem(),
    ca: authority.trustedPem(),
    minVersion: "TLSv1.3",
  });

  make();
  return {
    context,
    freshen(anew = false) {
      // A clock that was ahead has made one that is not valid yet.
      const isOld = now() - madeAtMs >= (lifetimes.serverMs * 2) / 3 || now() < madeAtMs;
      const isDue = anew || isOld || addresses().join() !== named.join();
      if (isDue) make();
      return isDue;
    },
    applyTo(server) {
      server.setSecureContext(context());
      // A joiner looks for an authority itself; beside further certificates of it OpenSSL would not find the way.
      for (const { fingerprint, pem } of authority.joinPaths())
        server.addContext(joinServerName(fingerprint), { ...context(), cert: leaf + pem });
    },
  };
}

/**
 * Names and addresses the service can be reached by: loopback, and this machine's own unless it listens on loopback only.
 * What is neither a name nor an address has no place in a certificate; that nobody can listen there is said elsewhere.
 */
export function serverAddresses(listenAddress: string): string[] {
  const found = new Set(["localhost", "127.0.0.1", "::1"]);
  const add = (text: string): void => {
    const address = text.replace(/%.*$/, ""); // the network card of an IPv6 address is no part of it
    if (isIP(address) !== 0 || /^[A-Za-z0-9._-]+$/.test(address)) found.add(address);
  };
  const wildcard = listenAddress === "0.0.0.0" || listenAddress === "::";
  if (!wildcard) add(listenAddress);
  else {
    add(hostname());
    for (const addresses of Object.values(networkInterfaces()))
      for (const { address } of addresses ?? []) add(address);
  }
  return [...found].sort();
}
