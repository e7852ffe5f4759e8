import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { limitBody } from "../../service/http/limitBody.ts";
import { withSignsOfLife } from "../../service/http/withSignsOfLife.ts";

describe("a workspace that waits for its host", () => {
  it("is told of to its client, which would take the service for hung", async () => {
    const enough = Promise.withResolvers<void>();
    const server = createServer((_request, response) => {
      void withSignsOfLife(response, () => enough.promise, 10).then(() => response.end("done"));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const sent = request({ host: "127.0.0.1", port });
    let signs = 0;
    sent.on("information", ({ statusCode }) => {
      if (statusCode === 102) signs += 1;
      if (signs === 3) enough.resolve();
    });
    sent.end();
    const [answer] = (await once(sent, "response")) as [NodeJS.ReadableStream & { statusCode: number }];
    answer.resume();
    assert.equal(answer.statusCode, 200);
    assert.ok(signs >= 3, `${signs} signs`);
    server.close();
  });

  it("is told of no longer when it is refused at once", async () => {
    let asked = 0;
    const response = {
      get headersSent() {
        asked += 1;
        return true;
      },
    } as ServerResponse;
    const refused = withSignsOfLife(response, () => assert.fail("refused"), 5);
    await assert.rejects(refused, /refused/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(asked, 0);
  });

  it("is not silent by its client's doing while nobody reads it", async () => {
    const body = new PassThrough();
    const limited = limitBody(body, { silenceMs: 20, totalMs: null, bytes: null });
    body.write(Buffer.alloc(300_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(limited.destroyed, false);
    limited.resume();
    await assert.rejects(once(limited, "end"), { code: "request-timeout" });
  });
});
