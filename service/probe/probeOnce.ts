import { Refusal } from "../../protocol/problem.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { HostShell, ShellTarget } from "../../protocol/shells/hostShell.ts";
import { interruptible } from "../../protocol/shells/interruptible.ts";
import {
  watchedCadenceMs,
  type ProbeOnceOptions,
  type ProbeParts,
} from "../../protocol/shells/probeParts.ts";
import { ProbeSession } from "../../protocol/shells/probeSession.ts";

/**
 * One reading of a host, as complete as it becomes within the limit. Rejects with the Refusal of the connection,
 * or `host-unreachable` when nothing came in time.
 */
export async function probeOnce(
  parts: ProbeParts,
  target: ShellTarget,
  options: ProbeOnceOptions,
): Promise<HostReading> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  const cancel = parts.setTimer(stop, options.timeoutMs);
  options.signal?.addEventListener("abort", stop);
  if (options.signal?.aborted === true) stop();
  try {
    const shell = await openInTime(parts, target, options, limit.signal);
    return await readOnce(parts, target, shell, options.timeoutMs, limit.signal);
  } finally {
    cancel();
    options.signal?.removeEventListener("abort", stop);
  }
}

async function openInTime(
  parts: ProbeParts,
  target: ShellTarget,
  { attended, timeoutMs }: ProbeOnceOptions,
  signal: AbortSignal,
): Promise<HostShell> {
  const opening = parts.shells.openShell(target, { attended, signal });
  const shell = await interruptible(opening, [signal]);
  if (shell !== null) return shell;
  opening.then(
    (late) => {
      late.close();
    },
    () => undefined,
  );
  throw notInTime(target, timeoutMs);
}

async function readOnce(
  parts: ProbeParts,
  target: ShellTarget,
  shell: HostShell,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<HostReading> {
  const readings: HostReading[] = [];
  const complete = new AbortController();
  const session = new ProbeSession(parts, {
    target,
    shell,
    cadenceMs: watchedCadenceMs,
    carry: null,
    meter: { bytes: 0 },
    onTick: () => undefined,
    onReading: (reading) => {
      readings.push(reading);
      if (session.isSettled) complete.abort();
    },
  });
  const end = await interruptible(session.ended, [signal, complete.signal]);
  await session.close();
  const newest = readings.at(-1);
  if (newest !== undefined) return newest;
  if (end !== null && end.kind !== "closed") throw end.refusal;
  throw notInTime(target, timeoutMs);
}

function notInTime({ name, connection }: ShellTarget, timeoutMs: number): Refusal {
  const address = addressOf(connection);
  const reason = `no reading came within ${timeoutMs} ms`;
  return new Refusal("host-unreachable", { host: name, address, reason });
}

function addressOf(connection: ShellTarget["connection"]): string {
  switch (connection.kind) {
    case "ssh":
      return connection.alias;
    case "local":
      return "this machine";
    case "agent":
      return "by its agent";
  }
}
