import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import type { ConnectionOptions } from "node:tls";
import { problemCatalog } from "../../protocol/problemCatalog.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { Route } from "../../protocol/route.ts";
import { pathOf } from "./accessFixture.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { openHttp2, requestHttp2, tlsOptions, type PlainAnswer } from "../support/tlsRequest.ts";

/** Headers of a request whose body is JSON. */
export const jsonHead = { "content-type": "application/json" };

/** Asserts that the answer is one of our problems and gives nothing away, and gives the problem. */
export function problemIn(answer: PlainAnswer, what: string): Problem {
  assert.match(
    answer.headers["content-type"] ?? "",
    /^application\/problem\+json/,
    `${what}: ${answer.body}`,
  );
  const problem = JSON.parse(answer.body) as Problem;
  assert.ok(problem.code in problemCatalog, `${what}: ${problem.code}`);
  assert.equal(answer.status, problem.status, what);
  assert.doesNotMatch(answer.body, /node_modules|SQLITE|SELECT |\.ts:|at async|\/tmp\/hwledger/, what);
  // What the request itself holds is told back as a fact.
  const given = Object.values(problem.facts ?? {}).map(String);
  const own = given.reduce((text, fact) => text.replaceAll(fact, ""), `${problem.detail} ${problem.next}`);
  assert.doesNotMatch(own, /\{[a-z]\w*\}/i, `${what} has an empty slot`);
  return problem;
}

/** A service with short limits, and an HTTP/2 session of its owner. */
export interface WireFixture {
  service: TestService;
  tls: ConnectionOptions;
  session: ClientHttp2Session;
  /** Sends a body to a route over HTTP/2; as JSON unless said otherwise. */
  send(row: Route, text: string, headers?: Record<string, string>): Promise<PlainAnswer>;
  /** Asserts that the service still answers its owner. */
  assertAnswers(): Promise<void>;
  /** Ends it, and asserts that the process warned of nothing. */
  end(): Promise<void>;
}

/** Starts it. */
export async function startWireFixture(): Promise<WireFixture> {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  const service = await startTestService({
    limits: { bodyMs: 700, workspaceBytes: 100_000, uploadSilenceMs: 700, costlyPerMinute: 10_000 },
  });
  const admin = service.owner;
  const tls = tlsOptions(admin.caPem, admin);
  const session = await openHttp2(service.port, tls).catch(async (error: unknown) => {
    await service.end();
    throw error;
  });
  return {
    service,
    tls,
    session,
    send: (row, text, headers = jsonHead) =>
      requestHttp2(session, { ":method": row.method, ":path": pathOf(row), ...headers }, { text }),
    async assertAnswers() {
      assert.equal(
        (await service.client.call("getStatus")).member,
        admin.member,
        "the service does not answer",
      );
    },
    async end() {
      session.destroy();
      await service.end();
      process.off("warning", warn);
      assert.deepEqual(warnings.map(String), []);
    },
  };
}
