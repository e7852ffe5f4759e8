import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { makeCa } from "../../service/pki/x509.ts";
import { serverCertificate, userCertificate } from "../support/certificates.ts";
import { until } from "../support/until.ts";

const fleetId = "11111111-2222-3333-4444-555555555555";

const noJobs = { jobs: [], nextCursor: null };

describe("a client that is closed", () => {
  let server: Server;
  let held: ServerResponse[];
  let url: string;
  const ca = makeCa(fleetId, Date.now());
  const { certificatePem: cert, keyPem: key } = serverCertificate({ ...ca, fleetId });

  before(async () => {
    held = [];
    server = createServer({ key, cert, minVersion: "TLSv1.3" }, (_request, response) => held.push(response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const connections = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  const answer = (response: ServerResponse | undefined) =>
    response?.setHeader("content-type", "application/json").end(JSON.stringify(noJobs));

  it("ends what is idle, and has what is under way end well: its fleet may go on under a newer certificate", async () => {
    const member = userCertificate(ca, `spiffe://${fleetId}/user/ada`);
    const client = createRouteClient({ ...member, url, fleetId, caPem: ca.certificatePem });
    const calls = [client.call("listJobs"), client.call("listJobs")];
    await until(() => held.length === 2, "two requests have come");
    answer(held[0]);
    await Promise.race(calls);
    assert.equal(await connections(), 2);
    client.close();
    await until(async () => (await connections()) === 1, "one connection is left");
    answer(held[1]);
    assert.deepEqual(await Promise.all(calls), [noJobs, noJobs]);
    await until(async () => (await connections()) === 0, "none is left");
  });
});
