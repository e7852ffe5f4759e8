import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabHost } from "../lab/labHost.ts";
import { runCommand } from "../lab/runCommand.ts";
import { startLab } from "../lab/startLab.ts";

describe("a lab that keeps who its hosts are", function () {
  this.timeout(60_000);
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "lab-kept-"));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const start = () => startLab({ dir, hosts: [{ name: "box" }], keep: true });
  const factsOf = ({ address, port, hostKeyFingerprint, machineId }: LabHost) => ({
    address,
    port,
    hostKeyFingerprint,
    machineId,
  });

  it("has them under the same keys and ports the next time, so that whoever knew them gets in", async () => {
    const first = await start();
    const known = factsOf(first.host("box"));
    for (const name of ["client_key", "known_hosts"])
      await copyFile(join(dir, "hosts/box", name), join(dir, name));
    await first.stop();
    const second = await start();
    try {
      assert.deepEqual(factsOf(second.host("box")), known);
      const hosts = [
        "-o",
        `UserKnownHostsFile=${join(dir, "known_hosts")}`,
        "-o",
        "StrictHostKeyChecking=yes",
      ];
      const way = ["-p", String(known.port), `${second.host("box").user}@${known.address}`];
      const options = ["-F", "none", "-o", "BatchMode=yes", "-i", join(dir, "client_key"), ...hosts];
      assert.equal((await runCommand(["ssh", ...options, ...way, "echo here"])).stdout, "here\n");
    } finally {
      await second.stop();
    }
  });

  it("takes another port where somebody else has its own meanwhile", async () => {
    const first = await start();
    const { address, port } = first.host("box");
    await first.stop();
    const squatter = createServer().listen(port, address);
    await once(squatter, "listening");
    const second = await start();
    try {
      assert.notEqual(second.host("box").port, port);
    } finally {
      await second.stop();
      squatter.close();
    }
  });
});
