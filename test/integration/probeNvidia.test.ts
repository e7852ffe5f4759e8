import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { probeScript } from "../../protocol/probe/probeScript.ts";
import { aProbeSandbox, until, type ProbeSandbox } from "./probeSandbox.ts";

describe("health of a host's GPUs of NVIDIA", () => {
  let sandbox: ProbeSandbox;
  afterEach(() => sandbox.end());

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]])
    it(`asks only what a driver of that version knows, under ${shell.join(" ")}`, async () => {
      for (const [version, field] of [
        ["590.48.01", "clocks_event_reasons.active"],
        ["550.54.14", "clocks_throttle_reasons.active"],
        ["440.33", "enforced.power.limit,name"],
        ["soon", "clocks_event_reasons.active"],
      ] as const) {
        sandbox = aProbeSandbox({ gpus: "h100-node", shell });
        const sys = join(sandbox.dir, "sys");
        mkdirSync(join(sys, "module/nvidia"), { recursive: true });
        writeFileSync(join(sys, "module/nvidia/version"), `${version}\n`);
        const said = await sandbox.run(probeScript({ nonce: "00112233", everyS: 1, sysRoot: sys }));
        const first = await until("the query", () => /^G #start loop 1 .*$/m.exec(said())?.[0]);
        assert.ok(first.includes(field), first);
        await until("figures", () => /^G GPU-/m.test(said()));
        await sandbox.end();
      }
    }).timeout(30_000);

  it("shows what ails a GPU as it comes and goes", async () => {
    sandbox = aProbeSandbox({ gpus: "h100-node" });
    const { reading } = sandbox.watch();
    const uuid = sandbox.gpuFiles.read()[0]?.uuid ?? "";
    sandbox.gpuFiles.update(uuid, {
      "ecc.errors.uncorrected.volatile.total": "1",
      "clocks_event_reasons.active": "0x0000000000000044",
    });
    const ill = await reading("the fault", ({ gpus: [gpu] }) => gpu?.health.kind === "fault");
    assert.deepEqual(ill.gpus[0]?.throttle, ["power-cap", "hw-thermal"]);
    assert.equal(ill.gpus[1]?.health.kind, "ok");
    sandbox.gpuFiles.update(uuid, { "ecc.errors.uncorrected.volatile.total": "0" });
    await reading("that it is over", ({ atMs, gpus: [gpu] }) => atMs > ill.atMs && gpu?.health.kind === "ok");
  }).timeout(20_000);
});
