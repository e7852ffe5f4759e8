import assert from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { fetchAuthorities, renewIdentity } from "../../protocol/client/tendIdentity.ts";
import { RemoteProblem, type Problem } from "../../protocol/problem.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { openHttp2, openTls, requestHttp2, tlsOptions, type PlainAnswer } from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";

/** The sockets of a test, in the order in which they were opened. */
let sockets: Socket[] = [];

function kept(socket: Socket): Socket {
  sockets.push(socket);
  socket.on("error", () => undefined);
  socket.resume();
  return socket;
}

describe("how many connections there may be", function () {
  this.timeout(60_000);
  let service: TestService;
  let stranger: ConnectionOptions;

  before(async () => {
    service = await startTestService({
      limits: { handshakesPerAddress: 6, strangersPerAddress: 4, connectionsPerMember: 12 },
    });
    stranger = tlsOptions(service.owner.caPem, null);
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  });
  after(() => service.end());

  const openOnes = (): number => sockets.filter((socket) => !socket.destroyed).length;

  it("is few of an address without a member's certificate: the oldest has to go, and members still come in", async () => {
    for (let at = 0; at < 10; at += 1) kept(await openTls(service.port, stranger));
    await until(() => openOnes() === 4, "only the newest are left");
    assert.deepEqual(
      sockets.map((socket) => socket.destroyed),
      Array.from({ length: 10 }, (_, at) => at < 6),
    );
    const member = service.clientOf(service.owner);
    assert.equal((await member.call("getStatus")).role, "admin");
    assert.equal(openOnes(), 4, "a member takes no stranger's place");
  });

  it("is few of an address in their handshake: the oldest has to go, and members still come in", async () => {
    for (let at = 0; at < 10; at += 1) {
      const socket = kept(connectTcp(service.port, "127.0.0.1"));
      await new Promise((resolve) => socket.once("connect", resolve));
    }
    await until(() => openOnes() === 6, "only the newest are left");
    const member = service.clientOf(service.owner);
    assert.equal((await member.call("getStatus")).role, "admin");
  });

  it("is many, and not without end, of a member: those there stay", async () => {
    const viewer = await service.member("viewer");
    const tls = tlsOptions(viewer.caPem, viewer);
    for (let at = 0; at < 14; at += 1) kept(await openTls(service.port, tls));
    await until(() => openOnes() === 12, "the last ones are ended");
    assert.deepEqual(
      sockets.map((socket) => socket.destroyed),
      Array.from({ length: 14 }, (_, at) => at >= 12),
    );
    assert.equal((await service.client.call("getStatus")).role, "admin", "another member is not touched");
  });
});

describe("a connection whose certificate no longer counts", function () {
  this.timeout(60_000);

  it("is a stranger's from its first refusal on, and ends after a stranger's time", async () => {
    let clockMs = Date.now();
    const service = await startTestService({ now: () => clockMs, limits: { strangerMs: 1_000 } });
    try {
      const socket = await openTls(service.port, tlsOptions(service.owner.caPem, service.owner));
      let answers = "";
      socket.on("data", (chunk: Buffer) => (answers += chunk.toString("latin1")));
      const ask = () => socket.write("GET /v1/status HTTP/1.1\r\nhost: fleet\r\n\r\n");
      ask();
      await until(() => answers.includes("HTTP/1.1 200"), "it is a member's");
      clockMs += 91 * 86_400_000;
      const asking = setInterval(ask, 100);
      await ended(socket);
      clearInterval(asking);
      assert.match(answers, /HTTP\/1\.1 401/);
    } finally {
      await service.end();
    }
  });
});

describe("an address that keeps failing", function () {
  this.timeout(60_000);
  let service: TestService;
  let stranger: ConnectionOptions;

  beforeEach(async () => {
    service = await startTestService({ limits: { failuresPerMinute: 5 } });
    stranger = tlsOptions(service.owner.caPem, null);
  });
  afterEach(() => service.end());

  async function ask(
    path: string,
  ): Promise<{ status: number; code: string; retryAfter: string | undefined }> {
    const session = await openHttp2(service.port, stranger);
    const isJoin = path === "/v1/join";
    const head = { ":method": isJoin ? "POST" : "GET", ":path": path, "content-type": "application/json" };
    const text = JSON.stringify({ token: "x".repeat(32), csrPem: "none" });
    const answer = await requestHttp2(session, head, isJoin ? { text } : null);
    session.destroy();
    const { code } = JSON.parse(answer.body) as Problem;
    return { status: answer.status, code, retryAfter: answer.headers["retry-after"] };
  }

  for (const [what, path, code] of [
    ["without a certificate", "/v1/status", "no-certificate"],
    ["with tokens that nobody made", "/v1/join", "token-unknown"],
  ] as const)
    it(`${what} is slowed, and members from there are not`, async () => {
      for (let time = 0; time < 5; time += 1) assert.equal((await ask(path)).code, code, `time ${time}`);
      for (const any of ["/v1/status", "/v1/join", "/v1/nothing"]) {
        const { status, code: told, retryAfter } = await ask(any);
        assert.deepEqual([status, told], [429, "rate-limited"], any);
        assert.ok(Number(retryAfter) >= 1 && Number(retryAfter) <= 60, `retry-after ${retryAfter}`);
      }
      const member = service.clientOf(service.owner);
      assert.equal((await member.call("getStatus")).role, "admin");
    });

  it("keeps nobody out who is on the way back from the same address", async () => {
    const start = Date.now();
    let clockMs = start;
    const fleet = await startTestService({ now: () => clockMs, limits: { failuresPerMinute: 5 } });
    try {
      clockMs = start - 100 * 86_400_000;
      const sleeper = await fleet.member("viewer");
      clockMs = start;
      const session = await openHttp2(fleet.port, tlsOptions(fleet.owner.caPem, null));
      const status = { ":method": "GET", ":path": "/v1/status" };
      const statuses = [];
      for (let time = 0; time < 6; time += 1)
        statuses.push((await requestHttp2(session, status, null)).status);
      session.destroy();
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
      assert.match((await fetchAuthorities(sleeper, start)).caPem, /BEGIN CERTIFICATE/);
      await assert.rejects(
        renewIdentity(sleeper, () => undefined),
        (error) => error instanceof RemoteProblem && error.problem.code === "approval-needed",
      );
    } finally {
      await fleet.end();
    }
  });

  it("by handshakes that it breaks off is slowed", async () => {
    for (let time = 0; time < 5; time += 1) {
      const socket = connectTcp(service.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.end("GET / HTTP/1.1\r\n\r\n");
      await ended(socket);
    }
    assert.equal((await ask("/v1/status")).code, "rate-limited");
    assert.equal((await service.client.call("getStatus")).role, "admin");
  });
});

describe("how many requests there may be in a minute", function () {
  this.timeout(60_000);
  let service: TestService;

  before(async () => {
    service = await startTestService({ limits: { requestsPerMinute: 20, joinsPerMinute: 3 } });
  });
  after(() => service.end());

  function assertSlowed(answer: PlainAnswer): void {
    const { code } = JSON.parse(answer.body) as Problem;
    assert.deepEqual([answer.status, code], [429, "rate-limited"]);
    const retryAfterS = Number(answer.headers["retry-after"]);
    assert.ok(retryAfterS >= 1 && retryAfterS <= 60, `retry-after ${retryAfterS}`);
  }

  it("is counted for each member, wherever it is", async () => {
    const viewer = await service.member("viewer");
    const session = await openHttp2(service.port, tlsOptions(viewer.caPem, viewer));
    const ask = () => requestHttp2(session, { ":path": "/v1/status" });
    for (let time = 0; time < 20; time += 1) assert.equal((await ask()).status, 200, `time ${time}`);
    assertSlowed(await ask());
    session.destroy();
    assert.equal((await service.client.call("getStatus")).role, "admin", "another member is not touched");
  });

  it("is counted for a bundle token on its own", async () => {
    const { caPem, bundleToken, ...viewer } = await service.member("viewer");
    const session = await openHttp2(service.port, tlsOptions(caPem, null));
    const head = { ":path": "/v1/ca", authorization: `Bearer ${bundleToken ?? ""}` };
    for (let time = 0; time < 20; time += 1)
      assert.equal((await requestHttp2(session, head)).status, 200, `time ${time}`);
    assertSlowed(await requestHttp2(session, head));
    session.destroy();
    const own = service.clientOf({ ...viewer, caPem });
    assert.equal((await own.call("getCaBundle")).cas.length, 1, "the member itself is not touched");
  });

  it("is counted for each address that asks to join, however often it connects", async () => {
    const link = await service.link("viewer");
    const join = async (): Promise<PlainAnswer> => {
      const session = await openHttp2(service.port, tlsOptions(service.owner.caPem, null));
      const head = { ":method": "POST", ":path": "/v1/join", "content-type": "application/json" };
      const text = JSON.stringify({ token: /token=([^&]+)/.exec(link)?.[1], csrPem: "none" });
      const answer = await requestHttp2(session, head, { text });
      session.destroy();
      return answer;
    };
    let answer = await join();
    for (let time = 0; time < 3; time += 1) answer = await join();
    assertSlowed(answer);
    assert.equal((await service.client.call("getStatus")).role, "admin", "members are not touched");
  });
});

/** Settles when the other side has ended the connection. */
async function ended(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  socket.resume();
  if (!socket.destroyed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

describe("how many connections there may be in all, from however many addresses", function () {
  this.timeout(60_000);
  let service: TestService;
  const from = (at: number): string => `127.0.0.${at + 2}`;

  before(async () => {
    const perAddress = { handshakesPerAddress: 4, strangersPerAddress: 4 };
    service = await startTestService({
      limits: { ...perAddress, handshakes: 6, strangers: 5, connections: 20 },
    });
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    const member = service.clientOf(service.owner);
    await until(
      () =>
        member.call("getStatus").then(
          ({ role }) => role === "admin",
          () => false,
        ),
      "a member comes in again",
    );
    member.close();
  });
  after(() => service.end());

  const isOpen = (): boolean[] => sockets.map((socket) => !socket.destroyed);
  async function silent(at: number): Promise<void> {
    const socket = kept(connectTcp({ port: service.port, host: "127.0.0.1", localAddress: from(at) }));
    await new Promise((resolve) => socket.once("connect", resolve));
  }

  it("is so many strangers: the oldest has to go", async () => {
    const stranger = tlsOptions(service.owner.caPem, null);
    for (let at = 0; at < 7; at += 1) {
      const options = { ...stranger, localAddress: from(at) };
      kept(await openTls(service.port, options));
    }
    await until(() => isOpen().filter(Boolean).length === 5, "only the newest are left");
    assert.deepEqual(isOpen(), [false, false, true, true, true, true, true]);
  });

  it("is so many handshakes: the oldest has to go", async () => {
    for (let at = 0; at < 9; at += 1) await silent(at);
    await until(() => isOpen().filter(Boolean).length === 6, "only the newest are left");
    assert.deepEqual(isOpen().slice(0, 3), [false, false, false]);
  });

  it("is so many of whoever: one more is not taken", async () => {
    const member = tlsOptions(service.owner.caPem, service.owner);
    for (let at = 0; at < 20; at += 1) kept(await openTls(service.port, member));
    await assert.rejects(openTls(service.port, member));
    assert.equal(isOpen().filter(Boolean).length, 20);
  });
});
