import type { RouteClient } from "../../protocol/client/routeClient.ts";
import { problemOfError } from "../../protocol/problem.ts";
import type { FleetLog } from "./createLogMemory.ts";

/** A client that writes each call with its time, and each refusal with its code, to the log; never what was sent. */
export function loggedClient(client: RouteClient, log: FleetLog, nowMs: () => number): RouteClient {
  async function logged<T>(name: string, work: () => Promise<T>): Promise<T> {
    const beganAtMs = nowMs();
    try {
      const answer = await work();
      log.debug(`${name}: done in ${Math.round(nowMs() - beganAtMs)} ms`);
      return answer;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") log.debug(`${name}: given up`);
      else {
        const { code, title, detail } = problemOfError(error);
        log.warn(`${name}: ${code}: ${title}.`, detail);
      }
      throw error;
    }
  }

  return {
    ...client,
    call: (name, ...rest) => logged(name, () => client.call(name, ...rest)),
    upload: (name, ...rest) => logged(name, () => client.upload(name, ...rest)),
  };
}
