import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { pinnedTls } from "../../protocol/client/pinnedTls.ts";
import { openStream, type StreamClient, type StreamState } from "../../protocol/client/streamClient.ts";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import {
  decodeLogFrame,
  serviceMessageSchema,
  streamPath,
  type ServiceMessage,
} from "../../protocol/stream.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

/** A WebSocket that says and hears exactly what the test wants. */
export interface RawStream {
  socket: WebSocket;
  heard: ServiceMessage[];
  logBytes: () => number;
  closed: () => number | null;
  say(message: unknown): void;
}

/** A real service, and streams to it. Streams are the owner's unless said otherwise. */
export interface StreamFixture {
  service: TestService;
  /** A stream that has not said hello. */
  open(identity?: Identity): Promise<RawStream>;
  /** A stream whose hello was answered. */
  greeted(identity?: Identity): Promise<RawStream>;
  /** A stream as the editor has it. */
  connected(identity?: Identity, onState?: (state: StreamState) => void): StreamClient;
  /** Dispatches a script to the service's own host. */
  job(script: string): Promise<JobRecord>;
  /** Waits until a job has ended. */
  ended(id: JobId): Promise<JobRecord>;
  /** Ends every stream, and asserts that the service still answers. */
  closeStreams(): Promise<void>;
  end(): Promise<void>;
}

/** Starts a service for tests of its stream. */
export async function startStreamFixture(
  options: Parameters<typeof startTestService>[0] = {},
): Promise<StreamFixture> {
  const service = await startTestService(options);
  const folder = mkdtempSync(join(tmpdir(), "hwledger-stream-"));
  const raws: WebSocket[] = [];
  const streams: StreamClient[] = [];

  async function open(identity: Identity = service.owner): Promise<RawStream> {
    const socket = new WebSocket(`wss://127.0.0.1:${service.port}${streamPath}`, {
      ...pinnedTls(identity),
      key: identity.keyPem,
      cert: identity.certificatePem,
    });
    raws.push(socket);
    const heard: ServiceMessage[] = [];
    let logBytes = 0;
    let closed: number | null = null;
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) logBytes += Buffer.concat(decodeLogFrame([data])?.pieces ?? []).length;
      else heard.push(serviceMessageSchema.parse(JSON.parse(data.toString())));
    });
    socket.on("error", () => undefined);
    socket.on("close", (code) => (closed = code));
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return {
      socket,
      heard,
      logBytes: () => logBytes,
      closed: () => closed,
      say: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    };
  }

  async function greeted(identity: Identity = service.owner): Promise<RawStream> {
    const raw = await open(identity);
    raw.say({ type: "hello", protocol: 1, client: "test" });
    await until(() => raw.heard.length > 0, "hello is answered");
    return raw;
  }

  return {
    service,
    open,
    greeted,
    connected(identity = service.owner, onState = () => undefined) {
      const stream = openStream({ identity, client: "test", onState });
      streams.push(stream);
      return stream;
    },
    async job(script) {
      const file = join(folder, "main.sh");
      writeFileSync(file, script);
      const { hosts } = await service.client.call("listHosts");
      return dispatchFile(service.client, { file, host: hosts[0]!.name, workspace: "script" });
    },
    async ended(id) {
      const read = (): Promise<JobRecord> => service.client.call("getJob", { params: { job: id } });
      await until(async () => isJobEnded((await read()).state), "the job has ended", 30_000);
      return read();
    },
    async closeStreams() {
      for (const raw of raws.splice(0)) raw.terminate();
      for (const stream of streams.splice(0)) stream.close();
      assert.equal((await service.client.call("getStatus")).fleetId, service.owner.fleetId);
    },
    async end() {
      await service.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
