import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { Writable } from "node:stream";
import pino from "pino";
import { Refusal } from "../protocol/problem.ts";
import { programVersion } from "../protocol/version.ts";
import {
  composeService,
  defaultServiceLimits,
  type ComposedService,
  type ServiceLimits,
} from "./composeService.ts";
import { finishFilling } from "./backup/fillFolder.ts";
import { removeNotedPartials } from "./backup/partialFolder.ts";
import { cleanLogLine } from "./cleanLogLine.ts";
import { growHeap } from "./growHeap.ts";
import { openServiceLog } from "./openServiceLog.ts";
import { homeLayout, type HomeLayout } from "./homeLayout.ts";
import { keepPrivate, type Mended } from "./keepPrivate.ts";
import { keepOwnerIdentity, machineName, readIdentity } from "./ownerIdentity.ts";
import { tokenTtlMs } from "./pki/createTokens.ts";
import { runningService } from "./runningService.ts";
import { openCaFiles, type FleetCa } from "./pki/caFiles.ts";
import { removeLeftPrivate, writePrivateFile } from "../protocol/client/writePrivateFile.ts";
import { holdLock } from "./store/holdLock.ts";

/** How to start a service. */
export interface StartOptions {
  /** Data folder; made when missing. */
  home: string;
  /** Address and port to listen on; port 0 for any free one: the one of the last run where that is free. */
  listen: { address: string; port: number };
  now?: () => number;
  /** How often is looked for what the clock brings; an hour when left out. */
  upkeepMs?: number;
  limits?: Partial<ServiceLimits>;
}

/** A service that runs, here or already elsewhere. */
export type StartedService =
  | {
      kind: "started";
      url: string;
      fleetId: string;
      /** SHA-256 of the CA certificate's DER, 64 lower-case hex digits. */
      caFingerprint: string;
      /** A fresh one-use link for one more admin. */
      joinLink(): { link: string; editorLink: string; expiresAtMs: number };
      stop(): Promise<void>;
    }
  | { kind: "already-running"; url: string; pid: number };

const lockWaitMs = 5_000;

/** How often certificates and the rotation of the authority are looked at. */
const defaultUpkeepMs = 3_600_000;

/**
 * Starts the fleet's service on a data folder, or says where it runs already. At the first start it makes the fleet:
 * CA, database, the owner's membership and this machine as the first host. Sets how the process collects its memory.
 */
export async function startService(options: StartOptions): Promise<StartedService> {
  const layout = homeLayout(options.home);
  const lock = holdLock(layout.lock);
  if (lock === null) return runningElsewhere(layout);
  const mended = heldPrivate(layout, lock);
  rmSync(layout.serviceFile, { force: true }); // of a service that was killed
  rmSync(layout.stoppedMark, { force: true });
  removeNotedPartials(layout.directory);
  removeLeftPrivate(layout.directory);
  growHeap();
  const logFile = openServiceLog(layout.serviceLog);
  const log = pino({ level: "info", hooks: { streamWrite: cleanLogLine } }, logFile);
  for (const one of mended) log.warn(one, "other accounts could use it; its mode was mended");
  try {
    const started = await startLocked(options, layout, log);
    return {
      ...started,
      async stop() {
        try {
          await started.stop();
        } finally {
          await endOf(logFile);
          rmSync(layout.serviceFile, { force: true });
          lock.release();
        }
      },
    };
  } catch (error) {
    log.error({ err: error }, "the service did not start");
    await endOf(logFile);
    lock.release();
    throw error;
  }
}

/** Writes what is left of a log, and closes its file. */
function endOf(log: Writable): Promise<void> {
  return new Promise((resolve) => log.once("close", resolve).end());
}

/** Sees that what is private is, of a restore that was cut off too; gives the lock back where it cannot be. */
function heldPrivate(layout: HomeLayout, lock: { release(): void }): Mended[] {
  try {
    finishFilling(layout.directory);
    return keepPrivate(layout, process.getuid?.());
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(options: StartOptions, layout: HomeLayout, log: pino.Logger) {
  const { now = Date.now, listen } = options;
  let url = "";
  let keepOwner = (): Promise<void> => Promise.resolve();
  const service = await composeService({
    layout,
    caFiles: openCaFiles(layout.keys, randomUUID, now()),
    listenAddress: listen.address,
    onAuthorityChange: () => void keepOwner(),
    log,
    now,
    url: () => url,
    limits: { ...defaultServiceLimits, ...options.limits },
  });
  const ca = service.authority.issuing();
  try {
    if (service.ledger.head().events === 0) recordCreation(service, ca);
    await bindAgain(service, listen, layout);
    const { port } = service.app.server.address() as AddressInfo;
    writePrivateFile(layout.listenFile, listen.address);
    url = `https://${linkAddress(listen.address)}:${port}`;
    const ownerUrl = ownUrl(listen.address, port);
    await keepOwnerIdentity(layout, service, { url: ownerUrl, nowMs: now(), isStart: true });
    let keeping = Promise.resolve();
    // One after the other: each sees what the one before has written.
    keepOwner = () =>
      (keeping = keeping
        .then(() => keepOwnerIdentity(layout, service, { url: ownerUrl, nowMs: now(), isStart: false }))
        .catch((error: unknown) => log.error({ err: error }, "the owner's membership could not be kept up")));
    if (
      process.platform !== "win32" &&
      service.fleet.list().every((host) => host.connection.kind !== "local")
    )
      service.fleet.addLocal(machineName());
  } catch (error) {
    await service.stop();
    throw error;
  }
  const facts = {
    pid: process.pid,
    url: ownUrl(listen.address, Number(url.split(":").at(-1))),
    version: programVersion,
  };
  writePrivateFile(layout.serviceFile, JSON.stringify({ ...facts, startedAtMs: now() }));
  const upkeep = keepUp(service, () => keepOwner(), log, options.upkeepMs);
  service.recover();
  log.info({ url }, "the service listens");
  return {
    kind: "started" as const,
    url: facts.url,
    fleetId: ca.fleetId,
    caFingerprint: service.authority.issuing().fingerprint,
    joinLink: () => service.tokens.create({ role: "admin" }, tokenTtlMs, "service"),
    async stop() {
      upkeep.stop();
      await service.stop();
      log.info("the service has stopped");
    },
  };
}

function recordCreation(service: ComposedService, ca: FleetCa): void {
  const payload = { fleetId: ca.fleetId, caFingerprint: ca.fingerprint };
  service.store.transact(() => {
    service.ledger.append({ type: "fleet.created", actor: "service", payload });
  });
}

/** Any free port means the one that members know from the last run, where it is free. */
async function bindAgain(
  service: ComposedService,
  listen: StartOptions["listen"],
  layout: HomeLayout,
): Promise<void> {
  const lastUrl = readIdentity(layout.identityFile)?.url;
  if (listen.port !== 0 || lastUrl === undefined) return bind(service, listen);
  try {
    await bind(service, { ...listen, port: Number(new URL(lastUrl).port) });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "address-in-use") throw error;
    await bind(service, listen);
  }
}

/** For `localhost` Fastify would open a server for each of its addresses, all but one without what hangs on ours. */
export function oneAddress(address: string): string {
  return /^localhost\.?$/i.test(address) ? "127.0.0.1" : address;
}

async function bind(service: ComposedService, listen: StartOptions["listen"]): Promise<void> {
  try {
    await service.app.listen({ host: oneAddress(listen.address), port: listen.port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const where = `${listen.address}:${listen.port}`;
    if (code === "EADDRINUSE") throw new Refusal("address-in-use", { address: where }, { cause });
    const reason = `It cannot listen on ${where} (${code ?? String(cause)}).`;
    throw new Refusal("usage", { reason }, { cause });
  }
}

/** Address of a running service for its own machine. */
function ownUrl(listenAddress: string, port: number): string {
  const wildcard = listenAddress === "0.0.0.0" || listenAddress === "::";
  return `https://${bracketed(wildcard ? "127.0.0.1" : listenAddress)}:${port}`;
}

/** Address to put into links: one that other machines can reach when it listens beyond loopback. */
function linkAddress(listenAddress: string): string {
  if (listenAddress !== "0.0.0.0" && listenAddress !== "::") return bracketed(listenAddress);
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  return outer?.address ?? "127.0.0.1";
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** What the clock brings: certificates that are due, the steps of a rotation, the owner's membership. */
function keepUp(
  service: ComposedService,
  keepOwner: () => Promise<void>,
  log: pino.Logger,
  everyMs = defaultUpkeepMs,
): { stop(): void } {
  const look = (): void => {
    service.keepCertificateFresh();
    service.rotation
      .advance()
      .then(keepOwner)
      .catch((error: unknown) => log.error({ err: error }, "a rotation's step failed; it is tried again"));
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  look();
  return { stop: () => clearInterval(timer) };
}

/** The service that holds the lock. */
async function runningElsewhere(layout: HomeLayout): Promise<StartedService> {
  const running = await runningService(layout, lockWaitMs);
  if (running !== null) return { kind: "already-running", ...running };
  throw new Refusal("service-unreachable", {
    url: layout.directory,
    reason: "another service holds this folder but does not say where it listens",
  });
}
