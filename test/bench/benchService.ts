import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import { clientName, openStream, type StreamClient } from "../../protocol/client/streamClient.ts";
import type { HostRecord } from "../../protocol/host.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import type { LabHost } from "../lab/labHost.ts";
import { startChild } from "./childProcess.ts";

/** A service of its own process, with clients that hold their connections. */
export interface BenchService {
  client: RouteClient;
  stream: StreamClient;
  /** The lab host as the fleet knows it. */
  host: HostRecord;
  end(): Promise<void>;
}

const startLimitMs = 20_000;
const endLimitMs = 5_000;

/** Starts a service on a new folder and adds the lab host. `HWLEDGER_BENCH_NODE_FLAGS` goes to its node, for profiles. */
export async function startBenchService(home: string, lab: LabHost): Promise<BenchService> {
  const script = fileURLToPath(new URL("runService.ts", import.meta.url));
  const flags = (process.env["HWLEDGER_BENCH_NODE_FLAGS"] ?? "").split(" ").filter((flag) => flag !== "");
  const child = startChild([process.execPath, ...flags, script, home], { stdio: ["pipe", "pipe", "pipe"] });
  const end = async (): Promise<void> => {
    child.process.stdin?.end();
    const timer = setTimeout(() => child.process.kill("SIGKILL"), endLimitMs);
    await child.ended;
    clearTimeout(timer);
  };
  try {
    await firstLine(child);
    const identity = readIdentity(join(home, "identity.json"));
    if (identity === null) throw new Error("the service made no identity");
    const client = createRouteClient(identity);
    const stream = await connectedStream(identity);
    const close = async (): Promise<void> => {
      stream.close();
      client.close();
      await end();
    };
    try {
      return { client, stream, host: await addHost(client, lab), end: close };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await end();
    throw error;
  }
}

async function firstLine(child: ReturnType<typeof startChild>): Promise<void> {
  if (!child.process.stdout) throw new Error("the service has no stdout");
  const lines = createInterface({ input: child.process.stdout });
  const line = new Promise<void>((resolve) => lines.once("line", () => resolve()));
  const died = child.ended.then(({ code, stderr }) => {
    throw new Error(`the service ended with ${String(code)}: ${stderr}`);
  });
  died.catch(() => undefined);
  await Promise.race([line, died, late("the service does not start")]);
}

async function connectedStream(
  identity: Parameters<typeof openStream>[0]["identity"],
): Promise<StreamClient> {
  const connected = Promise.withResolvers<void>();
  const stream = openStream({
    identity,
    client: clientName("bench"),
    onState(state) {
      if (state.kind === "connected") connected.resolve();
      if (state.kind === "refused") connected.reject(state.error);
    },
  });
  try {
    await Promise.race([connected.promise, late("the stream does not connect")]);
    return stream;
  } catch (error) {
    stream.close();
    throw error;
  }
}

function addHost(client: RouteClient, lab: LabHost): Promise<HostRecord> {
  const { name, address: alias, port, user, identityFile, hostKeyFingerprint: hostKey } = lab;
  return client.call("addHost", { body: { name, alias, port, user, identityFile, hostKey } });
}

function late(what: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`${what} within ${startLimitMs / 1_000} s`)), startLimitMs).unref();
  });
}
