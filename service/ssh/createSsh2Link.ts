import { createSecretKey } from "node:crypto";
import type { Client, ClientChannel } from "ssh2";
import { Refusal } from "../../protocol/problem.ts";
import type { SshConnection } from "./connectSsh.ts";
import { connectionLost, connectionReason, unreachable, type HostName } from "./reachProblem.ts";
import { NoSession, shellCommand, type ShellLink } from "./shellLink.ts";
import type { SshTiming } from "./sshTiming.ts";
import { shellOfChannel } from "./shellOfChannel.ts";

/** Shells on one ssh2 connection. */
export function createSsh2Link(
  connection: SshConnection,
  name: HostName,
  { timing, now }: { timing: SshTiming; now: () => number },
): ShellLink {
  const { client } = connection;
  const listeners = new Set<(reason: string) => void>();
  let lost: string | null = null;
  let reason = "it was closed";
  const stopRekey = keepKeysFresh(connection, timing);
  prepareKeys(connection);
  client.on("handshake", () => prepareKeys(connection));

  client.on("error", (error) => {
    reason = connectionReason(error);
  });
  const markLost = (): void => {
    if (lost !== null) return;
    lost = reason;
    stopRekey();
    for (const listener of [...listeners]) listener(reason);
    listeners.clear();
  };
  client.once("close", markLost);

  const end = (why: string): void => {
    reason = why;
    markLost();
    connection.close();
  };

  const openShell: ShellLink["openShell"] = async ({ signal, onReleased }) => {
    const channel = await openChannel(client, {
      limitMs: timing.openShellMs,
      signal,
      onLate: (late) => {
        late.once("close", onReleased);
        late.resume().close();
      },
      onStuck: () => {
        end(`it opened no shell within ${timing.openShellMs / 1000} s`);
      },
    }).catch((error: unknown) => {
      if (!(error instanceof Late)) onReleased();
      if (isGone(error)) markLost();
      throw problemOfOpening(error, name, lost);
    });
    return shellOfChannel(channel, name.host, {
      onReleased,
      onLost: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    });
  };

  return {
    transport: "ssh2",
    sinceMs: now(),
    openShell,
    onLost: (listener) => void listeners.add(listener),
    close: () => {
      end("it was closed");
    },
  };
}

/** The caller no longer waits; the channel may still come and then counts until it is closed. */
class Late extends Error {}

interface OpenOptions {
  limitMs: number;
  signal: AbortSignal | undefined;
  onLate: (channel: ClientChannel) => void;
  onStuck: () => void;
}

function openChannel(
  client: Client,
  { limitMs, signal, onLate, onStuck }: OpenOptions,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      settle();
      reject(new Late("the caller gave up"));
    };
    const timer = setTimeout(() => {
      settle();
      reject(new Error("timed out"));
      onStuck();
    }, limitMs);
    signal?.addEventListener("abort", onAbort);
    client.exec(shellCommand, (error, channel) => {
      if (settled) {
        if (error === undefined) onLate(channel);
        return;
      }
      settle();
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
}

/** ssh2's words where the connection is gone; it has no codes for it. */
function isGone(error: unknown): boolean {
  return error instanceof Error && ["Not connected", "No response from server"].includes(error.message);
}

function problemOfOpening(error: unknown, name: HostName, lost: string | null): Error {
  const { host } = name;
  if (error instanceof Late) return unreachable(name, "the attempt was given up", error);
  if (lost !== null) return connectionLost(host, lost, error);
  if (error instanceof Error && "reason" in error) return new NoSession({ cause: error });
  const reason =
    error instanceof Error && error.message !== "Unable to exec" ? error.message : "it runs no commands";
  return new Refusal("host-shell-failed", { host, reason }, { cause: error });
}

const rekeyCheckMs = 10_000;

/**
 * ssh2 makes a decipher for each packet from the key's bytes; a key object saves more than half of that. What has this
 * field is its AES-GCM, which keeps nothing of what it reads, so that this may be lent. The field is not in its types:
 * where it is not what we know, nothing is changed. Each change of keys brings a new one.
 */
function prepareKeys({ client, lendData }: SshConnection): void {
  const { _protocol: protocol } = client as unknown as {
    _protocol?: { _decipher?: { _decipherKey?: unknown } };
  };
  const decipher = protocol?._decipher;
  if (!decipher || !Buffer.isBuffer(decipher._decipherKey)) return;
  decipher._decipherKey = createSecretKey(decipher._decipherKey);
  lendData();
}

/** ssh2's client never changes keys by itself. Its method for it is not in its types. Returns the stop. */
function keepKeysFresh({ client, bytes }: SshConnection, { rekeyBytes, rekeyMs }: SshTiming): () => void {
  const { _protocol: protocol } = client as unknown as { _protocol?: { rekey?: () => void } };
  let lastBytes = bytes();
  let lastMs = performance.now();
  const timer = setInterval(
    () => {
      if (bytes() - lastBytes < rekeyBytes && performance.now() - lastMs < rekeyMs) return;
      lastBytes = bytes();
      lastMs = performance.now();
      protocol?.rekey?.();
    },
    Math.min(rekeyCheckMs, rekeyMs),
  );
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
