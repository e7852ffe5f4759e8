import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import { startService } from "../../service/main.ts";
import { until } from "../support/until.ts";

const listen = { address: "127.0.0.1", port: 0 };

/** What a fleet's first start leaves in a folder, and a join link of it. */
async function firstStart(home: string): Promise<string> {
  const started = await startService({ home, listen });
  assert.ok(started.kind === "started");
  const { link } = started.joinLink();
  await started.stop();
  return link;
}

describe("the service's log", function () {
  this.timeout(60_000);
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "hwledger-private-"));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it("holds no link, token, key or password that an error names", async () => {
    const link = await firstStart(home);
    const { token } = parseJoinLink(link);
    const ca = JSON.parse(readFileSync(join(home, "keys", "ca.json"), "utf8")) as { keyPem: string };
    const { privateKey } = generateKeyPairSync("ed25519", {
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const secrets: Record<string, { text: string; secret: string }> = {
      "<link>": { text: link, secret: token },
      "token=<hidden>": { text: `https://fleet/?token=${token}`, secret: token },
      "<secret>": { text: token, secret: token },
      "<pem>": { text: ca.keyPem, secret: ca.keyPem.split("\n")[5]! },
      "key <pem>": { text: `key ${privateKey}`, secret: privateKey.split("\n")[1]! },
      "Bearer <hidden>": { text: "Bearer open-sesame-open-sesame", secret: "sesame" },
      "password=<hidden>": { text: "password=sesame", secret: "sesame" },
    };
    writeFileSync(join(home, "service.log"), "");
    // An address to listen on is a thing that people paste, and that errors name.
    for (const { text } of Object.values(secrets))
      await assert.rejects(startService({ home, listen: { address: text, port: 0 } }));
    const written = (): string => readFileSync(join(home, "service.log"), "utf8");
    const errors = Object.keys(secrets).length;
    await until(() => written().split("the service did not start").length > errors, "all errors are written");
    const log = written();
    for (const [stand, { text, secret }] of Object.entries(secrets)) {
      assert.ok(log.includes(stand), `${stand} is not in ${log}`);
      assert.ok(!log.includes(secret), text);
    }
  });
});
