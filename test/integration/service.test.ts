import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { identitySchema } from "../../protocol/client/identity.ts";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { openStream } from "../../protocol/client/streamClient.ts";
import { Refusal } from "../../protocol/problem.ts";
import { startService } from "../../service/main.ts";
import { openTls, tlsOptions } from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";

const program = `
import { startService } from ${JSON.stringify(resolve("service/main.ts"))};
const service = await startService({ home: process.argv[1], listen: { address: "127.0.0.1", port: Number(process.argv[2]) } });
process.stdout.write(JSON.stringify({ kind: service.kind, url: service.url, pid: service.pid }) + "\\n");
process.on("SIGTERM", () => void service.stop());
`;

describe("a service process", function () {
  this.timeout(60_000);
  let home: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "hwledger-service-"));
    rmSync(home, { recursive: true });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(home, { recursive: true, force: true });
  });

  /** Starts a process and reads the line that says where the service is. */
  async function start(port = 0): Promise<{ child: ChildProcess; kind: string; url: string; pid?: number }> {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, home, String(port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await until(() => text.includes("\n") || child.exitCode !== null, "the service says where it is", 30_000);
    return { child, ...(JSON.parse(text) as { kind: string; url: string; pid?: number }) };
  }

  async function eventsAt(): Promise<number> {
    const client = createRouteClient(identityIn(home));
    try {
      return (await client.call("getStatus")).ledger.events;
    } finally {
      client.close();
    }
  }

  it("that starts a second time says where the first is, and changes nothing", async () => {
    const first = await start();
    const file = readFileSync(join(home, "service.json"), "utf8");
    const second = await start();
    assert.deepEqual([second.kind, second.url, second.pid], ["already-running", first.url, first.child.pid]);
    await once(second.child, "exit");
    assert.equal(second.child.exitCode, 0);
    assert.equal(readFileSync(join(home, "service.json"), "utf8"), file);
    assert.ok((await eventsAt()) > 0);
  });

  it("can be started again at once after kill -9, and is the same fleet", async () => {
    const first = await start();
    const events = await eventsAt();
    const before = identityIn(home);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    assert.ok(existsSync(join(home, "service.json")), "a killed service leaves its file");
    const second = await start();
    assert.equal(second.kind, "started");
    assert.equal(await eventsAt(), events);
    assert.equal(identityIn(home).certificatePem, before.certificatePem);
    assert.equal(identityIn(home).url, second.url);
  });

  it("ends by itself once it is stopped, whatever is still connected", async () => {
    const { child, url } = await start();
    const identity = identityIn(home);
    const stream = openStream({ identity, client: "test" });
    stream.subscribe("fleet", {});
    const client = createRouteClient(identity);
    await client.call("getStatus");
    const port = Number(new URL(url).port);
    const silent = connect(port, "127.0.0.1");
    silent.on("error", () => undefined);
    const kept = await openTls(port, tlsOptions(identity.caPem, identity));
    kept.on("error", () => undefined);
    kept.write("GET /v1/metrics/stream HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(kept, "data");
    await until(() => stream.state.kind === "connected", "the stream is connected");
    const startedAtMs = Date.now();
    child.kill("SIGTERM");
    await once(child, "exit");
    assert.equal(child.exitCode, 0);
    assert.ok(Date.now() - startedAtMs < 10_000, `it took ${Date.now() - startedAtMs} ms`);
    assert.equal(existsSync(join(home, "service.json")), false);
    stream.close();
    client.close();
    silent.destroy();
    kept.destroy();
  });

  it("keeps its folder and everything secret in it to its user", async () => {
    await start();
    assert.equal(statSync(home).mode & 0o777, 0o700);
    const secret = [
      "identity.json",
      "keys/ca.json",
      "fleet.sqlite",
      "fleet.sqlite-wal",
      "service.json",
      "service.log",
    ];
    for (const name of secret) assert.equal(statSync(join(home, name)).mode & 0o777, 0o600, name);
    for (const name of ["keys", "logs"]) assert.equal(statSync(join(home, name)).mode & 0o777, 0o700, name);
    const caKey = (JSON.parse(readFileSync(join(home, "keys/ca.json"), "utf8")) as { keyPem: string }).keyPem;
    const line = caKey.split("\n")[3] ?? "";
    for (const name of readdirSync(home).filter((one) => statSync(join(home, one)).isFile()))
      assert.equal(readFileSync(join(home, name)).includes(line), false, `${name} holds the CA's key`);
  });

  it("mends the mode of a folder that others could read", async () => {
    const { child } = await start();
    child.kill("SIGTERM");
    await once(child, "exit");
    chmodSync(home, 0o755);
    await start();
    assert.equal(statSync(home).mode & 0o777, 0o700);
  });
});

describe("starting a service", function () {
  this.timeout(60_000);
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "hwledger-service-"));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it("on a port in use says so, and leaves the folder free", async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    const { port } = other.address() as AddressInfo;
    const start = (): Promise<unknown> => startService({ home, listen: { address: "127.0.0.1", port } });
    try {
      await assert.rejects(start(), (error: unknown) => {
        assert.ok(error instanceof Refusal);
        assert.match(error.message, new RegExp(`Another program .*127\\.0\\.0\\.1:${port}`));
        return true;
      });
    } finally {
      await new Promise((closed) => other.close(closed));
    }
    const started = await startService({ home, listen: { address: "127.0.0.1", port } });
    assert.equal(started.kind, "started");
    if (started.kind === "started") await started.stop();
  });

  it("on any port is where it was before, and elsewhere when that is taken", async () => {
    const run = async (): Promise<number> => {
      const started = await startService({ home, listen: { address: "127.0.0.1", port: 0 } });
      assert.ok(started.kind === "started");
      await started.stop();
      return Number(new URL(started.url).port);
    };
    const port = await run();
    assert.equal(await run(), port);
    const other = createServer();
    await new Promise<void>((listening) => other.listen(port, "127.0.0.1", listening));
    try {
      assert.notEqual(await run(), port);
    } finally {
      await new Promise((closed) => other.close(closed));
    }
  });

  it("on an address this machine has not says so", async () => {
    const start = startService({ home, listen: { address: "203.0.113.7", port: 0 } });
    await assert.rejects(start, /cannot listen on 203\.0\.113\.7:0 \(EADDRNOTAVAIL\)/);
  });

  it("in a folder of another fleet's member refuses", async () => {
    const first = await startService({ home, listen: { address: "127.0.0.1", port: 0 } });
    assert.ok(first.kind === "started");
    await first.stop();
    const identity = identityIn(home);
    writeFileSync(join(home, "identity.json"), JSON.stringify({ ...identity, fleetId: "another-fleet" }));
    const again = startService({ home, listen: { address: "127.0.0.1", port: 0 } });
    await assert.rejects(
      again,
      (error: unknown) => error instanceof Refusal && error.code === "already-joined",
    );
  });

  it("with a database that is gone lets the owner in again", async () => {
    const first = await startService({ home, listen: { address: "127.0.0.1", port: 0 } });
    assert.ok(first.kind === "started");
    await first.stop();
    for (const file of readdirSync(home).filter((name) => name.startsWith("fleet.sqlite")))
      rmSync(join(home, file));
    const second = await startService({ home, listen: { address: "127.0.0.1", port: 0 } });
    assert.ok(second.kind === "started");
    const client = createRouteClient(identityIn(home));
    assert.equal((await client.call("getStatus")).role, "admin");
    client.close();
    await second.stop();
  });
});

function identityIn(folder: string) {
  return identitySchema.parse(JSON.parse(readFileSync(join(folder, "identity.json"), "utf8")));
}
