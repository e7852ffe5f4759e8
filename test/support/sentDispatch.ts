import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { dispatchFile, type DispatchRequest } from "../../protocol/client/dispatchFile.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { RouteInput } from "../../protocol/routes.ts";
import { aJob } from "./fleetRecords.ts";

type Body = NonNullable<RouteInput<"createJob">["body"]>;

/** What a dispatch sends to the service: its request, and the workspace as a tar archive. */
export async function sentDispatch(request: DispatchRequest): Promise<{ body: Body; tar: Buffer }> {
  const bodies: Body[] = [];
  let uploaded = Buffer.alloc(0);
  const client: Pick<RouteClient, "call" | "upload"> = {
    call: ((_name: string, input: { body: Body }) => {
      bodies.push(input.body);
      return Promise.resolve(aJob());
    }) as unknown as RouteClient["call"],
    upload: (async (_name: string, _params: unknown, tar: Readable) => {
      uploaded = await buffer(tar);
      return aJob();
    }) as unknown as RouteClient["upload"],
  };
  const job: JobRecord = await dispatchFile(client as RouteClient, request);
  assert.equal(job.id, aJob().id);
  const [body] = bodies;
  assert.ok(body && bodies.length === 1);
  const { workspace } = body;
  return { body, tar: workspace.kind === "inline" ? Buffer.from(workspace.tarBase64, "base64") : uploaded };
}
