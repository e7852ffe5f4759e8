import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { ClientHttp2Session, OutgoingHttpHeaders } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { createInterface } from "node:readline";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Identity } from "../../protocol/client/identity.ts";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import type { Problem } from "../../protocol/problem.ts";
import { routes } from "../../protocol/routes.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import { openHttp2, requestHttp2, tlsOptions, type PlainAnswer } from "../support/tlsRequest.ts";
import { jsonHead, problemIn } from "./wireFixture.ts";

/** A service in a process of its own, so that one that hangs or dies is seen from outside. */
export interface FuzzedService {
  port: number;
  owner: Identity;
  client: RouteClient;
  /** A connection of the owner's, or of one without a certificate. */
  session(who: "owner" | "nobody"): Promise<ClientHttp2Session>;
  /** Sends a body to the route of joining, without a certificate, each few from another address of loopback. */
  join(body: unknown): Promise<PlainAnswer>;
  /** A fresh join token. */
  token(): Promise<string>;
  /** Bytes that live in its memory after a collection. */
  heapBytes(): Promise<number>;
  /** Ends it, and asserts that it lived until then and complained of nothing. */
  end(): Promise<void>;
}

/** An address may ask to join 30 times in a minute. */
const joinsPerAddress = 25;

const program = fileURLToPath(new URL("../support/fuzzedService.ts", import.meta.url));

/** Starts it. */
export async function startFuzzedService(): Promise<FuzzedService> {
  const home = mkdtempSync(join(tmpdir(), "hwledger-fuzz-"));
  const person = join(home, "person");
  mkdirSync(person);
  const child = spawn(process.execPath, ["--expose-gc", program, home], {
    env: { ...process.env, HOME: person },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const complaints = textOf(child.stderr);
  const lines = createInterface({ input: child.stdout });
  const line = async (): Promise<string> => {
    const gone = exit.then(async () => assert.fail(`the service ended: ${await complaints}`));
    const [said] = (await Promise.race([once(lines, "line"), gone])) as [string];
    return said;
  };
  const port = Number(new URL(await line()).port);
  const owner = readIdentity(join(home, "identity.json"));
  assert.ok(owner);
  const client = createRouteClient(owner);
  const sessions: ClientHttp2Session[] = [];
  const session = async (
    who: "owner" | "nobody",
    localAddress = "127.0.0.1",
  ): Promise<ClientHttp2Session> => {
    const tls = tlsOptions(owner.caPem, who === "owner" ? owner : null);
    const opened = await openHttp2(port, { ...tls, localAddress } as ConnectionOptions);
    sessions.push(opened);
    return opened;
  };
  let joins = 0;
  let stranger = session("nobody");
  let before = stranger;
  const nextStranger = (): Promise<ClientHttp2Session> => {
    joins += 1;
    if (joins % joinsPerAddress !== 0) return stranger;
    // What was asked on the one before the last is answered by now.
    if (before !== stranger) void before.then((old) => old.destroy());
    before = stranger;
    const address = joins / joinsPerAddress;
    return (stranger = session("nobody", `127.1.${address >> 8}.${address & 255}`));
  };
  return {
    port,
    owner,
    client,
    session,
    async join(body) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return requestHttp2(await nextStranger(), headOf(routes.join), { text });
    },
    async token() {
      const { link } = await client.call("createToken", { body: { role: "viewer" } });
      return new URLSearchParams(link.slice(link.indexOf("?"))).get("token") ?? "";
    },
    async heapBytes() {
      child.stdin.write("\n");
      return Number(await line());
    },
    async end() {
      assert.equal((await client.call("getStatus")).member, owner.member, "the service does not answer");
      for (const one of sessions) one.destroy();
      client.close();
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      const ended = await exit;
      clearTimeout(timer);
      rmSync(home, { recursive: true, force: true });
      assert.deepEqual([ended, await complaints], [[0, null], ""]);
    },
  };
}

function headOf(row: { method: string; path: string }): OutgoingHttpHeaders {
  return { ":method": row.method, ":path": row.path, ...jsonHead };
}

/** Asserts that the answer refuses what was asked, with a problem that is the asker's doing, and gives the problem. */
export function refusalIn(answer: PlainAnswer, what: string): Problem {
  const problem = problemIn(answer, what);
  assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status} ${answer.body}`);
  return problem;
}
