import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import type { LabHostSpec } from "../lab/labHostSpec.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { startServiceProcess } from "./startServiceProcess.ts";

/** A lab and a service that runs as a process of its own, with the lab's hosts added. */
export interface FleetFixture {
  dir: string;
  lab: Lab;
  /** The owner's client; good for every service started on this folder and port. */
  client: RouteClient;
  /** A folder for scripts, outside any git work tree. */
  scripts: string;
  killService(): Promise<void>;
  /** Ends it as a person does. */
  stopService(): Promise<void>;
  /** Starts it again on the same folder and port. */
  startServiceAgain(): Promise<void>;
  job(id: JobId): Promise<JobRecord>;
  /** Waits until a condition holds for a job. */
  jobWhen(id: JobId, what: string, holds: (job: JobRecord) => boolean, limitMs?: number): Promise<JobRecord>;
  ended(id: JobId, limitMs?: number): Promise<JobRecord>;
  /** The log as the service holds it. */
  log(id: JobId): Promise<Buffer>;
  stop(): Promise<void>;
}

/** Starts it all; stops what was started when a part fails. */
export async function startFleetFixture(specs: LabHostSpec[]): Promise<FleetFixture> {
  const dir = await mkdtemp(join(tmpdir(), "hwl-fleet-"));
  const cleanUps = [() => rm(dir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  };
  try {
    const scripts = join(dir, "scripts");
    const person = join(dir, "person");
    for (const folder of [scripts, person]) await mkdir(folder);
    const lab = await startLab({ dir: join(dir, "lab"), hosts: specs });
    cleanUps.unshift(() => lab.stop());
    const home = join(dir, "fleet");
    // A person of our own: no key, agent or ssh_config of whoever runs the tests.
    const env = { HOME: person, SSH_AUTH_SOCK: "" };
    let service = await startServiceProcess(home, { env });
    cleanUps.unshift(() => service.end("SIGTERM"));
    const identity = readIdentity(homeLayout(home).identityFile);
    if (!identity) throw new Error("the service made no membership for its owner");
    const client = createRouteClient(identity);
    cleanUps.unshift(() => Promise.resolve(client.close()));
    for (const { name, address, port, user, identityFile, hostKeyFingerprint } of lab.hosts)
      await client.call("addHost", {
        body: { name, alias: address, user, port, identityFile, hostKey: hostKeyFingerprint },
      });
    const job = (id: JobId): Promise<JobRecord> => client.call("getJob", { params: { job: id } });
    const jobWhen: FleetFixture["jobWhen"] = async (id, what, holds, limitMs = 30_000) => {
      const endMs = performance.now() + limitMs;
      for (;;) {
        const now = await job(id);
        if (holds(now)) return now;
        if (performance.now() > endMs)
          throw new Error(`waited ${limitMs} ms until ${what}: ${JSON.stringify(now)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    return {
      dir,
      lab,
      client,
      scripts,
      killService: () => service.end("SIGKILL"),
      stopService: () => service.end("SIGTERM"),
      async startServiceAgain() {
        service = await startServiceProcess(home, { env, port: Number(new URL(service.url).port) });
      },
      job,
      jobWhen,
      ended: (id, limitMs) => jobWhen(id, "the job has ended", (now) => isJobEnded(now.state), limitMs),
      async log(id) {
        const parts: Buffer[] = [];
        const answer = await client.bytes("getJobLog", { params: { job: id }, query: { follow: 1 } });
        for await (const part of answer as AsyncIterable<Buffer>) parts.push(part);
        return Buffer.concat(parts);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
