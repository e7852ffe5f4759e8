import { readFileSync } from "node:fs";
import { homeLayout } from "../../service/homeLayout.ts";
import type { HostId } from "../../protocol/ids.ts";
import { parseCa } from "../../service/pki/caFiles.ts";
import {
  certificateSha256,
  lifetimes,
  publicKeyPemOf,
  rsaKeyPem,
  signCertificate,
} from "../../service/pki/x509.ts";
import { createHostsTable } from "../../service/store/hostsTable.ts";
import { createMembersTable } from "../../service/store/membersTable.ts";
import { openStore } from "../../service/store/openStore.ts";
import { join } from "node:path";
import { createHash } from "node:crypto";

/** The agents of a fleet that are played: one key for all, since a key takes a tenth of a second to make. */
export interface PlayedAgents {
  keyPem: string;
  agents: { hostId: HostId; certificatePem: string }[];
}

/** Puts hosts that are reached by agents into the folder of a fleet whose service does not run, with their certificates. */
export function addAgents(home: string, count: number): PlayedAgents {
  const layout = homeLayout(home);
  const ca = parseCa(readFileSync(join(layout.keys, "ca.json"), "utf8"));
  const keyPem = rsaKeyPem(2048);
  const publicKeyPem = publicKeyPemOf(keyPem);
  const keySha256 = createHash("sha256").update(publicKeyPem).digest("hex");
  const nowMs = Date.now();
  const store = openStore(layout.database);
  const [hosts, members] = [createHostsTable(store.db), createMembersTable(store.db)];
  const caSha256 = createHash("sha256").update(pemBytes(ca.certificatePem)).digest("hex");
  const agents = Array.from({ length: count }, (_, at) => {
    const hostId = `h-${(at + 1).toString(16).padStart(16, "0")}` as HostId;
    const facts = {
      publicKeyPem,
      commonName: hostId,
      uri: `spiffe://${ca.fleetId}/agent/${hostId}`,
      addresses: [],
      usage: "client" as const,
      lifetimeMs: lifetimes.agentMs,
    };
    return { hostId, certificatePem: signCertificate(ca, facts, nowMs) };
  });
  store.transact(() => {
    for (const [at, { hostId, certificatePem: pem }] of agents.entries()) {
      hosts.insert({
        id: hostId,
        name: `rig-${at + 1}`,
        connection: { kind: "agent" },
        rateMicroUsdPerHour: null,
        python: null,
        probe: "on",
        addedAtMs: nowMs,
        acceptedKey: null,
      });
      members.addMember(hostId, "agent", nowMs);
      const notAfterMs = nowMs + lifetimes.agentMs;
      members.addCertificate({
        sha256: certificateSha256(pem),
        member: hostId,
        pem,
        notAfterMs,
        keySha256,
        caSha256,
      });
    }
  });
  store.close();
  return { keyPem, agents };
}

function pemBytes(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
}
