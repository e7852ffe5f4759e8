import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { createServerTls } from "../../service/pki/createServerTls.ts";
import { openTls, tlsOptions } from "../support/tlsRequest.ts";
import { openTrustWorld, type TrustWorld } from "../support/trustWorld.ts";

const dayMs = 86_400_000;

describe("the service's own certificate, of a server that runs", function () {
  this.timeout(60_000);
  let home: string;
  let world: TrustWorld;
  let server: Server;
  let nowMs = Date.now() - 20 * dayMs; // a client looks at the real clock
  let addresses = ["127.0.0.1"];
  const sockets: TLSSocket[] = [];

  before(() => {
    home = mkdtempSync(join(tmpdir(), "hwledger-server-certificate-"));
    world = openTrustWorld(
      home,
      () => nowMs,
      () => null,
    );
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    world.close();
    rmSync(home, { recursive: true });
  });

  async function connect(): Promise<{ socket: TLSSocket; shown: X509Certificate }> {
    const { port } = server.address() as AddressInfo;
    const socket = await openTls(port, tlsOptions(world.authority.trustedPem(), null));
    sockets.push(socket);
    return { socket, shown: socket.getPeerX509Certificate() ?? assert.fail("no certificate") };
  }
  async function assertEchoes(socket: TLSSocket, text: string): Promise<void> {
    socket.write(text);
    assert.equal(String(await once(socket, "data")), text);
  }

  it("is another after twenty days and with other addresses, and no connection is dropped for it", async () => {
    const { authority } = world;
    const tls = createServerTls({ authority, addresses: () => addresses, now: () => nowMs });
    server = createServer(tls.context(), (socket) => socket.pipe(socket));
    tls.applyTo(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    const first = await connect();
    await assertEchoes(first.socket, "one");
    assert.equal(tls.freshen(), false);
    nowMs += 19 * dayMs;
    assert.equal(tls.freshen(), false);

    nowMs += dayMs;
    assert.equal(tls.freshen(), true);
    tls.applyTo(server);
    const second = await connect();
    assert.notEqual(second.shown.fingerprint256, first.shown.fingerprint256);
    assert.ok(second.shown.validToDate.getTime() > nowMs + 29 * dayMs);

    addresses = ["127.0.0.1", "192.0.2.7"];
    assert.equal(tls.freshen(), true);
    tls.applyTo(server);
    const third = await connect();
    assert.match(third.shown.subjectAltName ?? "", /192\.0\.2\.7/);
    assert.equal(tls.freshen(), false);
    for (const { socket } of [first, second, third]) await assertEchoes(socket, "still here");
  });
});
