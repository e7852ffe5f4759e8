import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitySchema, type Identity } from "../../protocol/client/identity.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import type { UserRole } from "../../protocol/ids.ts";
import { startService, type StartOptions, type StartedService } from "../../service/main.ts";

/** A real service on a home of its own, on a free port of 127.0.0.1. */
export interface TestService {
  readonly home: string;
  readonly url: string;
  readonly port: number;
  readonly started: StartedService & { kind: "started" };
  /** The owner's identity, as the command line would read it. */
  readonly owner: Identity;
  /** A client of the owner; ended with the service. */
  readonly client: RouteClient;
  /** A join link by the real route. */
  link(role: UserRole, ttlMs?: number): Promise<string>;
  /** A member that joined by link. */
  member(role: UserRole): Promise<Identity>;
  /** The agent of a host, joined by link. */
  agent(host: string): Promise<Identity>;
  /** A client for an identity; ended with the service. */
  clientOf(identity: Identity): RouteClient;
  /** Stops it; the home stays until `end`. */
  stop(): Promise<void>;
  /** Starts it again on the same home and port. */
  restart(): Promise<void>;
  /** Stops it and removes its home. */
  end(): Promise<void>;
}

/** Starts a service for a test. */
export async function startTestService(
  options: Pick<StartOptions, "limits" | "now" | "upkeepMs"> = {},
): Promise<TestService> {
  const home = mkdtempSync(join(tmpdir(), "hwledger-test-"));
  const person = process.env["HOME"];
  process.env["HOME"] = join(home, "person"); // this machine is a host: its jobs lie in the person's home
  mkdirSync(process.env["HOME"]);
  const clients: RouteClient[] = [];
  const clientOf = (identity: Identity): RouteClient => {
    const client = createRouteClient(identity);
    clients.push(client);
    return client;
  };
  const start = async (port: number): Promise<StartedService & { kind: "started" }> => {
    const started = await startService({ ...options, home, listen: { address: "127.0.0.1", port } });
    if (started.kind !== "started") throw new Error("another service holds a fresh folder");
    return started;
  };
  let started = await start(0);
  const { url } = started;
  const port = Number(new URL(url).port);
  const owner = identitySchema.parse(JSON.parse(readFileSync(join(home, "identity.json"), "utf8")));
  const client = clientOf(owner);
  let running = true;
  const stop = async (): Promise<void> => {
    if (running) await started.stop();
    running = false;
  };
  const link = async (role: UserRole, ttlMs?: number): Promise<string> => {
    const made = await client.call("createToken", { body: { role, ...(ttlMs ? { ttlMs } : {}) } });
    return made.link;
  };
  return {
    home,
    url,
    port,
    get started() {
      return started;
    },
    owner,
    client,
    link,
    member: async (role) => joinFleet(await link(role), { name: role }),
    async agent(host) {
      const made = await client.call("createToken", { body: { role: "agent", host } });
      return joinFleet(made.link, { as: "agent" });
    },
    clientOf,
    stop,
    async restart() {
      started = await start(port);
      running = true;
    },
    async end() {
      for (const one of clients) one.close();
      await stop();
      process.env["HOME"] = person;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
