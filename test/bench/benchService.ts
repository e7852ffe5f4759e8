import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import { clientName, openStream, type StreamClient } from "../../protocol/client/streamClient.ts";
import type { HostRecord } from "../../protocol/host.ts";
import type { LabHost } from "../lab/labHost.ts";
import { late, startServiceChild } from "./serverChild.ts";

/** A service of its own process, with clients that hold their connections. */
export interface BenchService {
  client: RouteClient;
  stream: StreamClient;
  /** The lab host as the fleet knows it. */
  host: HostRecord;
  end(): Promise<void>;
}

/** Starts a service on a new folder and adds the lab host. */
export async function startBenchService(home: string, lab: LabHost): Promise<BenchService> {
  const { identity, end } = await startServiceChild(home);
  try {
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
