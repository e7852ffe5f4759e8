import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import os from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { probeRetryDelayMs } from "../../protocol/shells/probeRetryDelay.ts";
import { newSshKey } from "../support/newSshKey.ts";
import { aPool, refusedWith, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

/** How a host treats whoever logs in. */
type Manner = (attempt: ssh2.AuthContext, connection: ssh2.Connection) => void;

describe("a host that hangs up during the login", () => {
  let dir = "";
  let fixture: PoolFixture;
  let server: ssh2.Server;

  beforeEach(async () => {
    dir = await mkdtemp(join(os.tmpdir(), "hwl-hangup-"));
  });
  afterEach(async () => {
    fixture.pool.close();
    server.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function hostThat(manner: Manner): Promise<void> {
    const hostKey = newSshKey();
    server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
      connection.on("error", () => undefined);
      connection.on("authentication", (attempt) => manner(attempt, connection));
    });
    server.listen(0, "127.0.0.1");
    await once(server as unknown as NodeJS.EventEmitter, "listening");
    const { port } = server.address() as AddressInfo;
    const identity = join(dir, "id");
    await writeFile(identity, newSshKey(), { mode: 0o600 });
    const parsed = ssh2.utils.parseKey(hostKey);
    assert.ok(!(parsed instanceof Error) && !Array.isArray(parsed));
    const known = join(dir, "known");
    const line = `[127.0.0.1]:${port} ${parsed.type} ${parsed.getPublicSSH().toString("base64")}\n`;
    await writeFile(known, line);
    const config = [
      "Host rude",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      "  User ada",
      `  IdentityFile ${identity}`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${known}`,
      "  GlobalKnownHostsFile /dev/null",
      "",
    ].join("\n");
    const configFile = join(dir, "config");
    await writeFile(configFile, config);
    fixture = aPool({ home: dir, configFile });
  }
  const opening = (): Promise<unknown> => fixture.pool.openShell(targetOf({ name: "rude" }));

  it("has not refused it: the connection is lost, and tried again soon", async () => {
    await hostThat((_attempt, connection) => connection.end());
    const facts = await refusedWith(opening(), "host-connection-lost");
    assert.match(String(facts["reason"]), /hung up|BY_APPLICATION|closed|disconnect/i);
    assert.ok(probeRetryDelayMs("host-connection-lost", 0, 0) <= 1_000);
  });

  it("has not refused it either when the connection is cut while the key is tried", async () => {
    await hostThat((attempt, connection) => {
      if (attempt.method === "none") attempt.reject(["publickey"]);
      else (connection as unknown as { _sock: { destroy(): void } })._sock.destroy();
    });
    await refusedWith(opening(), "host-connection-lost");
  });

  it("has refused it when it turned the key down", async () => {
    await hostThat((attempt) => attempt.reject(["publickey"]));
    const facts = await refusedWith(opening(), "host-login-refused");
    assert.match(String(facts["tried"]), /key .*id/);
  });
});
