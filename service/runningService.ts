import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { Refusal } from "../protocol/problem.ts";
import type { HomeLayout } from "./homeLayout.ts";
import { holdLock } from "./store/holdLock.ts";

const serviceFileSchema = z.object({ pid: z.number().int().positive(), url: z.string() });

/** A service that runs on a data folder. */
export type RunningService = z.infer<typeof serviceFileSchema>;

const pollMs = 50;

/** What the running service wrote about itself; null while there is nothing to read. */
function readServiceFile(layout: HomeLayout): RunningService | null {
  if (!existsSync(layout.serviceFile)) return null;
  try {
    return serviceFileSchema.parse(JSON.parse(readFileSync(layout.serviceFile, "utf8")));
  } catch {
    return null; // half written
  }
}

/** Whether a service holds the data folder, on its way up or running. */
export function isHeld(layout: Pick<HomeLayout, "lock">): boolean {
  if (!existsSync(layout.lock)) return false;
  const lock = holdLock(layout.lock);
  lock?.release();
  return lock === null;
}

/**
 * The service that holds the data folder; one on its way up is waited for. Null when it says nothing within the limit.
 * Rejects with the signal's reason.
 */
export async function runningService(
  layout: HomeLayout,
  limitMs: number,
  signal?: AbortSignal,
): Promise<RunningService | null> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const running = readServiceFile(layout);
    if (running !== null || performance.now() >= endMs) return running;
    await delay(pollMs);
    signal?.throwIfAborted();
  }
}

/**
 * Asks the service of a data folder to end and waits until it has. Null when none runs there. Only a process that holds
 * the folder's lock is asked. Throws `service-will-not-stop` after the limit.
 */
export async function stopService(layout: HomeLayout, limitMs = 20_000): Promise<RunningService | null> {
  if (!isHeld(layout)) return null;
  const running = await runningService(layout, 5_000);
  if (running === null || !isHeld(layout)) return null;
  const endMs = performance.now() + limitMs;
  process.kill(running.pid, "SIGTERM");
  while (isHeld(layout)) {
    if (performance.now() >= endMs)
      throw new Refusal("service-will-not-stop", {
        pid: running.pid,
        home: layout.directory,
        limitS: limitMs / 1_000,
      });
    await delay(pollMs);
  }
  return running;
}
