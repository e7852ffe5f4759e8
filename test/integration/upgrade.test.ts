import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { parseAnswer, sendRaw, tlsOptions } from "../support/tlsRequest.ts";

const good = {
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

describe("an upgrade that is not the stream's", () => {
  let service: TestService;

  before(async () => {
    service = await startTestService();
  });
  after(() => service.end());

  const cases: [string, string, Record<string, string>][] = [
    ["to another protocol", "/v1/stream", { ...good, Upgrade: "foo" }],
    ["of another WebSocket version", "/v1/stream", { ...good, "Sec-WebSocket-Version": "99" }],
    ["with a broken key", "/v1/stream", { ...good, "Sec-WebSocket-Key": "zzz" }],
    ["on another route", "/v1/status", good],
  ];
  for (const [what, path, headers] of cases)
    it(`is refused with a problem: ${what}`, async () => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const request = `GET ${path} HTTP/1.1\r\nHost: fleet\r\nConnection: Upgrade\r\n${lines.join("")}\r\n`;
      const options = tlsOptions(service.owner.caPem, {
        certificatePem: service.owner.certificatePem,
        keyPem: service.owner.keyPem,
      });
      const answer = parseAnswer(await sendRaw(service.port, options, request));
      assert.equal(answer.status, 400);
      assert.equal((JSON.parse(answer.body) as { code: string }).code, "bad-request");
      assert.equal((await service.client.call("getStatus")).role, "admin");
    });
});
