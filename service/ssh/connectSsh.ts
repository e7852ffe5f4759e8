import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { HostId } from "../../protocol/ids.ts";
import type { Refusal } from "../../protocol/problem.ts";
import type { Prompts } from "../prompts/createPrompts.ts";
import type { AcceptedKeys } from "./acceptedKeys.ts";
import type { AskPerson } from "./askPerson.ts";
import { authMethods } from "./authMethods.ts";
import { BeyondSsh2 } from "./beyondSsh2.ts";
import { createDeadline, type Deadline } from "./createDeadline.ts";
import { hostKeyAlgorithms, type HostKeyRules } from "./decideHostKey.ts";
import { hostKeyRules, judgeHostKey, type KeyOwner } from "./hostKeyRules.ts";
import type { LoginSecrets } from "./loginSecrets.ts";
import { openSocket } from "./openSocket.ts";
import { parseProxyJump } from "./parseProxyJump.ts";
import { addressOf, connectionReason, unreachable, type HostName } from "./reachProblem.ts";
import { sshHandshake } from "./sshHandshake.ts";
import type { SshRequest, SshSettings } from "./sshSettings.ts";
import type { SshTiming } from "./sshTiming.ts";

/** One connection to make. `pinned`: the fingerprint in the host's record. */
export interface ConnectTarget {
  id: HostId;
  name: string;
  settings: SshSettings;
  pinned: string | null;
}

export interface ConnectNeeds {
  resolve: (request: SshRequest) => Promise<SshSettings>;
  accepted: AcceptedKeys;
  prompts: Prompts;
  secrets: LoginSecrets;
  timing: SshTiming;
}

export interface ConnectOptions {
  /** Whether a person may be asked. */
  attended: boolean;
  signal: AbortSignal;
  /** Told when a person begins to think, so that others need not wait for this one. */
  onAsking?: () => void;
}

/** An SSH connection that is logged in. */
export interface SshConnection {
  client: Client;
  /** Bytes in both directions so far; 0 where that is not known. */
  bytes: () => number;
  /** Says that what its socket reads is used up at once and need not be copied. */
  lendData: () => void;
  /** Ends it, and the connections it goes through. */
  close: () => void;
}

const maxHops = 8;

/**
 * Connects, checks the host's key and logs in, through the jump hosts of its configuration where there are any.
 * Refusals: `host-unreachable`, `host-key-…`, `needs-login`, `host-login-refused`, `identity-unusable`,
 * `ssh-config-invalid`; BeyondSsh2 where ssh2 cannot do it.
 */
export function connectSsh(
  target: ConnectTarget,
  options: ConnectOptions,
  needs: ConnectNeeds,
): Promise<SshConnection> {
  return connectHop({ ...target, hop: null, depth: 0 }, options, needs);
}

/** The target, or one of its jump hosts. */
type Hop = KeyOwner & { depth: number };

async function connectHop(hop: Hop, options: ConnectOptions, needs: ConnectNeeds): Promise<SshConnection> {
  const rules = await hostKeyRules(hop, needs);
  const refusedTypes = new Set<string>();
  let firstRefusal: Refusal | null = null;
  for (;;) {
    const way = await openWay(hop, options, needs);
    try {
      const client = await login(hop, way.stream, rules, refusedTypes, options, needs);
      return connectionOf(client, way);
    } catch (error) {
      way.close();
      if (error instanceof BeyondSsh2 && firstRefusal !== null) throw firstRefusal;
      if (!(error instanceof OtherKeyType)) throw error;
      firstRefusal ??= error.refusal;
      refusedTypes.add(error.keyType);
      if (hostKeyAlgorithms(rules, refusedTypes).length === 0) throw firstRefusal;
    }
  }
}

/** The key is not the one vouched for, but the host may have that one too, of another type. */
class OtherKeyType extends Error {
  readonly refusal: Refusal;
  readonly keyType: string;

  constructor(refusal: Refusal, keyType: string) {
    super(refusal.message);
    this.name = "OtherKeyType";
    this.refusal = refusal;
    this.keyType = keyType;
  }
}

interface Way {
  stream: Duplex;
  bytes: () => number;
  lendData: () => void;
  close: () => void;
}

/** The stream to the host: a socket, or a channel through its jump host. */
async function openWay(hop: Hop, options: ConnectOptions, needs: ConnectNeeds): Promise<Way> {
  const { settings } = hop;
  const name = nameOf(hop);
  if (settings.proxyCommand !== null) throw new BeyondSsh2("ProxyCommand");
  if (settings.certificateFiles.length > 0) throw new BeyondSsh2("login certificates");
  if (settings.proxyJump === null) {
    const limitMs = settings.connectTimeoutMs ?? needs.timing.connectMs;
    const { socket, lendData } = await openSocket(settings, name, { limitMs, signal: options.signal });
    return {
      stream: socket,
      lendData,
      bytes: () => socket.bytesRead + socket.bytesWritten,
      close: () => socket.destroy(),
    };
  }
  if (hop.depth >= maxHops) throw unreachable(name, `it needs more than ${maxHops} jump hosts`);
  const jump = await connectHop(await jumpHop(hop, settings.proxyJump, needs), options, needs);
  try {
    const stream = await forward(jump.client, settings, name, needs.timing.connectMs);
    return { stream, bytes: jump.bytes, lendData: () => undefined, close: jump.close };
  } catch (error) {
    jump.close();
    throw error;
  }
}

/** The last jump host of a chain, reached through those before it (ssh_config(5), ProxyJump). */
async function jumpHop(hop: Hop, proxyJump: string, needs: ConnectNeeds): Promise<Hop> {
  const chain = parseProxyJump(proxyJump);
  const settings = await needs.resolve(chain.last);
  const proxied =
    chain.before === null ? settings : { ...settings, proxyJump: chain.before, proxyCommand: null };
  return {
    id: hop.id,
    name: hop.name,
    settings: proxied,
    pinned: null,
    hop: `${hop.id} ${addressOf(settings)}`,
    depth: hop.depth + 1,
  };
}

function forward(client: Client, to: SshSettings, name: HostName, limitMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(unreachable(name, "the jump host did not reach it in time"));
    }, limitMs);
    client.forwardOut("127.0.0.1", 0, to.hostname, to.port, (error, stream) => {
      clearTimeout(timer);
      if (error === undefined) resolve(stream);
      else reject(unreachable(name, `the jump host does not reach it (${connectionReason(error)})`, error));
    });
  });
}

/** Asks about this host whoever attends; nobody where the login is unattended. */
export function askFor(
  { id: hostId, name: host }: Pick<ConnectTarget, "id" | "name">,
  { attended, signal, onAsking }: ConnectOptions,
  { prompts, timing }: Pick<ConnectNeeds, "prompts" | "timing">,
): AskPerson {
  return async (question) => {
    if (!attended) return null;
    onAsking?.();
    const graceMs = timing.attendGraceMs;
    return prompts.ask({ fingerprint: null, ...question, hostId, host, graceMs }, signal);
  };
}

async function login(
  hop: Hop,
  stream: Duplex,
  rules: HostKeyRules,
  refusedTypes: ReadonlySet<string>,
  options: ConnectOptions,
  needs: ConnectNeeds,
): Promise<Client> {
  const { settings } = hop;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  let deadline: Deadline | null = null;
  const person = askFor(hop, { ...options, signal }, needs);
  const ask: AskPerson = (question) => {
    const answer = person(question);
    return deadline === null ? answer : deadline.pauseFor(answer);
  };
  const canAsk = (): boolean => options.attended && needs.prompts.attended();
  try {
    const auth = await authMethods({ ...rules, settings, ask, canAsk, secrets: needs.secrets });
    return await sshHandshake(stream, {
      name: nameOf(hop),
      user: settings.user,
      auth,
      algorithms: hostKeyAlgorithms(rules, refusedTypes),
      judgeKey: (blob) => judgeKey(blob, hop, rules, ask, needs),
      deadline: (onExpired) => (deadline = createDeadline(needs.timing.handshakeMs, onExpired)),
      timing: needs.timing,
      signal: options.signal,
    });
  } finally {
    over.abort();
  }
}

/** Null: the key passes. */
async function judgeKey(...judged: Parameters<typeof judgeHostKey>): Promise<Error | null> {
  const judgement = await judgeHostKey(...judged);
  switch (judgement.kind) {
    case "accepted":
      return null;
    case "refused":
      return judgement.refusal;
    case "other-type":
      return new OtherKeyType(judgement.refusal, judgement.keyType);
  }
}

function nameOf(hop: Hop): HostName {
  const address = addressOf(hop.settings);
  return { host: hop.name, address: hop.hop === null ? address : `jump host ${address}` };
}

function connectionOf(client: Client, way: Way): SshConnection {
  client.once("close", () => {
    way.close();
  });
  return {
    client,
    bytes: way.bytes,
    lendData: way.lendData,
    close() {
      client.end();
      client.destroy();
      way.close();
    },
  };
}
