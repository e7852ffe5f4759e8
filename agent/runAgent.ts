import { tendIdentity, renewNow } from "../protocol/client/tendIdentity.ts";
import type { Identity } from "../protocol/client/identity.ts";
import { writePrivateFile } from "../protocol/client/writePrivateFile.ts";
import type { HostId } from "../protocol/ids.ts";
import { problemOfError, Refusal } from "../protocol/problem.ts";
import type { HostReading } from "../protocol/reading.ts";
import type { HostShells } from "../protocol/shells/hostShell.ts";
import { HostPoller } from "../protocol/shells/hostPoller.ts";
import type { ProbeParts } from "../protocol/shells/probeParts.ts";
import { agentCloseCodes } from "../protocol/agentLink.ts";
import { assertOwnMachine, readAgentIdentity, type AgentHome } from "./agentHome.ts";
import { openAgentSession, type AgentSession } from "./agentSession.ts";
import { createReadingBuffer, type ReadingBuffer } from "./readingBuffer.ts";

/** What a running agent is made of. */
export interface AgentParts {
  home: AgentHome;
  shells: HostShells;
  now: () => number;
  random: () => number;
  /** A line for whoever looks after the machine. */
  log: (line: string) => void;
}

/** How an agent stands. */
export interface AgentState {
  host: string | null;
  url: string;
  connected: boolean;
  sinceMs: number;
  /** Why it is not connected. */
  reason: string | null;
  cadenceMs: number | null;
  /** Readings that the service has not taken yet. */
  held: number;
  notAfterMs: number;
}

/** An agent that runs. */
export interface RunningAgent {
  readonly state: AgentState;
  /** Ends its connection, and what it runs to read the machine. Jobs run on. */
  stop(): Promise<void>;
}

/** Without contact the machine is read this often. */
const awayCadenceMs = 15_000;
const firstWaitMs = 500;
const longestWaitMs = 30_000;
/** What only a person can put right is tried seldom. */
const seldomMs = 300_000;
const upkeepEveryMs = 3_600_000;

/** Reads this machine and reports to the service without end; connects again with back-off. Throws `agent-not-joined`. */
export function runAgent(parts: AgentParts): RunningAgent {
  const identity = readAgentIdentity(parts.home);
  assertOwnMachine(parts.home);
  if (identity === null) throw new Refusal("agent-not-joined", { home: parts.home.directory });
  return new Agent(parts, identity);
}

class Agent implements RunningAgent {
  readonly #parts: AgentParts;
  #identity: Identity;
  readonly #buffer: ReadingBuffer = createReadingBuffer();
  #session: AgentSession | null = null;
  #poller: HostPoller | null = null;
  #stopping: Promise<void> = Promise.resolve();
  #cadenceMs: number | null = null;
  #host: string | null = null;
  #sinceMs: number;
  #reason: string | null = "it is connecting";
  #attempts = 0;
  /** Why the machine cannot be read now. */
  #unread: string | null = null;
  #isTending = false;
  #sentBefore = 0;
  #isStopped = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #upkeep: NodeJS.Timeout;

  constructor(parts: AgentParts, identity: Identity) {
    this.#parts = parts;
    this.#identity = identity;
    this.#sinceMs = parts.now();
    this.#upkeep = setInterval(() => void this.#tend(), upkeepEveryMs);
    this.#read(awayCadenceMs);
    this.#connect();
  }

  get state(): AgentState {
    const { url, notAfterMs } = this.#identity;
    return {
      host: this.#host,
      url,
      connected: this.#reason === null,
      sinceMs: this.#sinceMs,
      reason: this.#reason,
      cadenceMs: this.#cadenceMs,
      held: this.#buffer.length,
      notAfterMs,
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#upkeep);
    clearTimeout(this.#retry);
    this.#session?.close();
    this.#read(null);
    await this.#stopping;
  }

  /** Reads at another cadence, or not at all. */
  #read(cadenceMs: number | null): void {
    if (this.#isStopped) cadenceMs = null;
    this.#cadenceMs = cadenceMs;
    if (cadenceMs !== null && this.#poller !== null) return this.#poller.setCadence(cadenceMs);
    if (cadenceMs === null) {
      const poller = this.#poller;
      this.#poller = null;
      if (poller !== null)
        this.#stopping = Promise.all([this.#stopping, poller.stop()]).then(() => undefined);
      return;
    }
    const listener = {
      onReading: (reading: HostReading) => this.#take(reading),
      onFailure: (_host: string, { reason }: { reason: string }) => {
        this.#unread = reason;
        this.#session?.unread(reason);
      },
    };
    const { member } = this.#identity;
    const target = { id: member as HostId, name: "this machine", connection: { kind: "local" as const } };
    this.#poller = new HostPoller(this.#probeParts(), listener, target, cadenceMs);
  }

  #probeParts(): ProbeParts {
    const { shells, now, random, log } = this.#parts;
    return {
      shells,
      now,
      random,
      setTimer(run, delayMs) {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      isJobOn: () => true, // the service knows which of them are its own
      log: { debug: () => undefined, warn: (_facts, message) => log(message) },
    };
  }

  #take(reading: HostReading): void {
    this.#unread = null;
    const probeBytes = this.#sentBefore + (this.#session?.sentBytes ?? 0);
    this.#buffer.add({ ...reading, probeBytes });
    this.#session?.flush();
  }

  #connect(): void {
    if (this.#isStopped) return;
    try {
      assertOwnMachine(this.#parts.home);
      this.#identity = readAgentIdentity(this.#parts.home) ?? this.#identity; // it may have joined anew
    } catch (error) {
      return this.#wait(error as Error, seldomMs);
    }
    const { shells } = this.#parts;
    const session = openAgentSession({
      identity: this.#identity,
      shells,
      buffer: this.#buffer,
      onCadence: (cadenceMs) => this.#read(cadenceMs),
      onGreeted: (host) => this.#greeted(host),
      onTaken: () => (this.#attempts = 0),
      onEnd: (error, code) => this.#ended(session, error, code),
    });
    this.#session = session;
  }

  #greeted(host: string): void {
    this.#host = host;
    this.#reason = null;
    this.#sinceMs = this.#parts.now();
    this.#parts.log(`connected to ${this.#identity.url} as the agent of ${host}`);
    if (this.#unread !== null) this.#session?.unread(this.#unread);
    void this.#tend();
  }

  #ended(session: AgentSession, error: Error, code: number | null): void {
    if (this.#session !== session) return;
    this.#sentBefore += session.sentBytes;
    this.#session = null;
    if (this.#isStopped) return;
    if (this.#cadenceMs !== null) this.#read(awayCadenceMs);
    const { code: problem } = problemOfError(error);
    const isForPeople =
      code === agentCloseCodes.replaced || code === agentCloseCodes.mismatch || peopleCodes.has(problem);
    if (code === agentCloseCodes.unwelcome || problem === "certificate-expired")
      return void this.#renew(error);
    this.#wait(error, isForPeople ? seldomMs : null);
  }

  /** Waits before the next try; as long as is said, or ever longer. */
  #wait(error: Error, waitMs: number | null): void {
    if (this.#isStopped) return;
    const reason = error.message;
    if (this.#reason === null) this.#sinceMs = this.#parts.now();
    if (this.#reason !== reason) this.#parts.log(`not connected: ${reason}`);
    this.#reason = reason;
    const backoffMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(this.#attempts, 10));
    this.#attempts += 1;
    const delayMs = (waitMs ?? backoffMs) * (0.5 + this.#parts.random() / 2);
    this.#retry = setTimeout(() => this.#connect(), delayMs);
  }

  /** The certificate counts no more: asks for another, which an admin may have to approve. */
  async #renew(error: Error): Promise<void> {
    try {
      if (this.#hasJoinedAnew()) return this.#wait(error, null);
      await this.#tendOnce((identity, keep) => renewNow(identity, this.#parts.now(), keep));
      this.#wait(error, null);
    } catch (cause) {
      const problem = problemOfError(cause);
      // Every ask stands in the ledger until somebody lets it back in.
      this.#wait(cause as Error, problem.code === "approval-needed" ? 60_000 : seldomMs);
    }
  }

  /** Whether the file holds another membership than the one that is in use: somebody has joined meanwhile. */
  #hasJoinedAnew(): boolean {
    const kept = readAgentIdentity(this.#parts.home);
    return kept !== null && kept.certificatePem !== this.#identity.certificatePem;
  }

  /** One upkeep at a time, and none over a membership that is newer. */
  async #tendOnce(
    work: (identity: Identity, keep: (next: Identity) => void) => Promise<unknown>,
  ): Promise<void> {
    if (this.#isTending) return;
    this.#isTending = true;
    try {
      await work(this.#identity, (next) => {
        if (this.#hasJoinedAnew()) return;
        writePrivateFile(this.#parts.home.identityFile, JSON.stringify(next));
        this.#identity = next;
      });
    } finally {
      this.#isTending = false;
    }
  }

  async #tend(): Promise<void> {
    if (this.#reason !== null || this.#isStopped) return;
    try {
      await this.#tendOnce((identity, keep) => tendIdentity(identity, this.#parts.now(), keep));
    } catch (error) {
      this.#parts.log(`the certificate could not be looked after: ${(error as Error).message}`);
    }
  }
}

/** Problems that another try soon cannot mend. */
const peopleCodes: ReadonlySet<string> = new Set([
  "protocol-mismatch",
  "no-certificate",
  "certificate-refused",
  "role-insufficient",
  "service-untrusted",
]);
