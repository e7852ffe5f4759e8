import type { Duplex } from "node:stream";
import type { Client, ConnectConfig } from "ssh2";
import ssh2 from "ssh2";
import { hostText } from "../../protocol/hostText.ts";
import type { Auth } from "./authMethods.ts";
import { BeyondSsh2 } from "./beyondSsh2.ts";
import type { Deadline } from "./createDeadline.ts";
import type { HostKeyAlgorithm } from "./decideHostKey.ts";
import { connectionLost, connectionReason, unreachable, type HostName } from "./reachProblem.ts";
import type { SshTiming } from "./sshTiming.ts";

export interface HandshakeOptions {
  name: HostName;
  user: string;
  auth: Auth;
  algorithms: readonly HostKeyAlgorithm[];
  /** Judges the host's key: null accepts it, anything else is what the handshake fails with. */
  judgeKey: (blob: Buffer) => Promise<Error | null>;
  deadline: (onExpired: () => void) => Deadline;
  timing: SshTiming;
  signal: AbortSignal;
}

/** Key exchange, key check and login over a stream that is up. The stream is destroyed when it fails. */
export function sshHandshake(stream: Duplex, options: HandshakeOptions): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const { name, auth, signal } = options;
    let settled = false;
    const keyCheck = createKeyCheck(options.judgeKey, {
      isOpen: () => !settled,
      onRefused: (problem) => {
        fail(problem);
      },
    });
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      deadline.cancel();
      signal.removeEventListener("abort", onAbort);
      return true;
    };
    const fail = (problem: Error): void => {
      if (!settle()) return;
      client.destroy();
      stream.destroy();
      reject(problem);
    };
    const deadline = options.deadline(() => {
      fail(unreachable(name, "it did not finish the login in time"));
    });
    const onAbort = (): void => {
      fail(unreachable(name, "the attempt was given up", signal.reason));
    };
    let agentTrouble: Error | null = null;
    client.on("error", (error: Error & { level?: string }) => {
      if (error.level === "agent") agentTrouble = error;
      const problem = problemOfLogin(error, agentTrouble, options, keyCheck.passed());
      if (problem !== null) fail(problem);
    });
    const onGone = (): void => {
      if (!keyCheck.passed()) fail(unreachable(name, "it closed the connection"));
      else if (auth.refusedSome()) fail(auth.refusal());
      else fail(connectionLost(name.host, "it hung up during the login"));
    };
    client.once("end", onGone);
    client.once("close", onGone);
    client.once("ready", () => {
      if (!settle()) return;
      auth.succeeded();
      resolve(client);
    });
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else client.connect(configOf(stream, options, keyCheck.verify));
  });
}

function configOf(
  stream: Duplex,
  { user, auth, algorithms, timing }: HandshakeOptions,
  verify: KeyCheck["verify"],
): ConnectConfig {
  return {
    sock: stream,
    username: user,
    authHandler: auth.handler,
    hostVerifier: verify,
    algorithms: { serverHostKey: [...algorithms] },
    readyTimeout: 0,
    keepaliveInterval: timing.keepaliveIntervalMs,
    keepaliveCountMax: timing.keepaliveCountMax,
  };
}

interface KeyCheck {
  verify: (blob: Buffer, done: (permitted: boolean) => void) => undefined;
  passed: () => boolean;
}

interface KeyCheckOwner {
  /** Whether the connection still waits for the verdict: ssh2 throws at one that comes after the connection's end. */
  isOpen: () => boolean;
  /** The key does not pass; the owner ends the connection. */
  onRefused: (problem: Error) => void;
}

/** ssh2 asks again at every rekey: then only the very same key passes, at once. */
function createKeyCheck(judge: HandshakeOptions["judgeKey"], owner: KeyCheckOwner): KeyCheck {
  let passed: Buffer | null = null;
  return {
    passed: () => passed !== null,
    verify(blob, done) {
      if (passed !== null) {
        done(passed.equals(blob));
        return;
      }
      const copy = Buffer.from(blob);
      judge(copy).then(
        (problem) => {
          if (!owner.isOpen()) return;
          if (problem !== null) return owner.onRefused(problem);
          passed = copy;
          done(true);
        },
        (error: unknown) => {
          owner.onRefused(error instanceof Error ? error : new Error(String(error)));
        },
      );
    },
  };
}

/**
 * The codes of a disconnect message by which a host refuses a login (RFC 4253 §11.1); OpenSSH says 2 for too many
 * attempts. Any other is a connection that ended, as at a shutdown.
 */
const refusingCodes: ReadonlySet<unknown> = new Set([1, 2, 13, 14, 15]);

/** What an error of ssh2 before `ready` means; null: it goes on by itself, as after trouble with an agent. */
function problemOfLogin(
  error: Error & { level?: string; code?: unknown },
  agentTrouble: Error | null,
  { name, auth }: HandshakeOptions,
  keyPassed: boolean,
): Error | null {
  if (error.level === "agent") return null;
  if (error.level === "client-authentication")
    return auth.exhausted() ? auth.refusal(agentTrouble ?? error) : null;
  const common = /^Handshake failed: no matching (.*)$/.exec(error.message)?.[1];
  if (common !== undefined) return new BeyondSsh2(`a common ${common}`, { cause: error });
  if (!keyPassed) return unreachable(name, connectionReason(error), error);
  if (error.level === undefined && refusingCodes.has(error.code)) return auth.refusal(error);
  return connectionLost(name.host, hostText(connectionReason(error)), error);
}
