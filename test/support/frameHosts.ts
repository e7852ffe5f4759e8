import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type Connection } from "ssh2";
import { newSshKey } from "./newSshKey.ts";
import {
  appsHeader,
  appsStart,
  gpuRow,
  hello,
  nonce as scriptedNonce,
  start,
  tick,
} from "./scriptedFrames.ts";

/** A host that speaks real SSH and answers the probe's script with lines, without a process for each of them. */
export interface FrameHost {
  name: string;
  address: string;
  port: number;
  /** As `SHA256:…`. */
  hostKeyFingerprint: string;
}

export interface FrameHosts {
  hosts: readonly FrameHost[];
  stop(): Promise<void>;
}

/**
 * Stands in for many machines with a GPU each: what the service sees of them is an SSH login and the probe's lines, once
 * a cadence, each with another load. Any key may log in. They run nothing, so nothing can be dispatched to them.
 */
export async function startFrameHosts(names: readonly string[]): Promise<FrameHosts> {
  const stops: (() => Promise<void>)[] = [];
  const hosts: FrameHost[] = [];
  for (const name of names) {
    const hostKey = newSshKey();
    const connections = new Set<Connection>();
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
      connections.add(connection);
      connection.on("close", () => connections.delete(connection));
      connection.on("error", () => {});
      connection.on("authentication", (attempt) => {
        if (attempt.method === "publickey") attempt.accept();
        else attempt.reject(["publickey"]);
      });
      connection.on("session", (accept) => {
        accept().on("exec", (acceptExec) => answerProbe(acceptExec()));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    stops.push(async () => {
      for (const connection of connections) connection.end();
      server.close();
      await once(server, "close");
    });
    const { address, port } = server.address() as AddressInfo;
    hosts.push({ name, address, port, hostKeyFingerprint: fingerprintOf(hostKey) });
  }
  return {
    hosts,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

function fingerprintOf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const hash = createHash("sha256").update(key.getPublicSSH()).digest("base64");
  return `SHA256:${hash.replace(/=+$/, "")}`;
}

function answerProbe(channel: ssh2.ServerChannel): void {
  let text = "";
  let timer: NodeJS.Timeout | null = null;
  channel.on("data", (chunk: Buffer) => {
    if (timer !== null) return;
    text += chunk.toString();
    const [, nonce, every] = /nonce=([0-9a-f]+) every=(\d+)[^]*hwledger_probe; exit\n$/.exec(text) ?? [];
    if (nonce === undefined) return;
    let turn = 0;
    const say = (...lines: string[]): void => void channel.write(lines.map((line) => `${line}\n`).join(""));
    const next = (): void => {
      turn += 1;
      say(gpuRow(1, String((turn * 7) % 100)), ...tick(turn * 10));
    };
    say(
      ...hello("/usr/bin/nvidia-smi").map((line) => line.replace(scriptedNonce, nonce)),
      start,
      appsStart,
      appsHeader,
    );
    next();
    timer = setInterval(next, Number(every) * 1_000);
  });
  const end = (): void => {
    if (timer !== null) clearInterval(timer);
  };
  channel.on("end", () => {
    end();
    channel.exit(0);
    channel.end();
  });
  channel.on("close", end);
  channel.on("error", () => {});
}
