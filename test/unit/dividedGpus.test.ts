import assert from "node:assert/strict";
import type { Contact } from "../../extension/core/contact.ts";
import { unknownFleet, withFleetData } from "../../extension/core/fleetState.ts";
import { gpuUse } from "../../extension/core/gpuUse.ts";
import { rankHosts } from "../../extension/core/rankHosts.ts";
import { gpuTooltip, hostTooltip } from "../../extension/core/tooltips.ts";
import { treeRows } from "../../extension/core/treeRows.ts";
import { hostReadingSchema, type GpuReading } from "../../protocol/reading.ts";
import { hostListText } from "../../service/cli/render/hostListText.ts";
import { styleFor } from "../../service/cli/terminal.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";

const live: Contact = { kind: "live" };
const none = { unsupported: "not-supported" } as const;

/** A divided GPU and, if wanted, two instances of it. */
function aDivided(uuid: string, index: number): GpuReading[] {
  const gpu = aGpu({ uuid, index, name: "NVIDIA H100 80GB HBM3", utilizationPct: none });
  const occupancy = { kind: "unknown", reason: "divided" } as const;
  const instances = [1, 2].map((n) => ({
    ...gpu,
    uuid: `MIG-${3 - n}-${uuid}`,
    index: null,
    name: `${gpu.name} MIG ${n}g.10gb`,
    division: { kind: "instance" as const, of: uuid },
  }));
  return [{ ...gpu, division: { kind: "divided" }, occupancy }, ...instances];
}

describe("hosts with divided GPUs", () => {
  const gpus = [...aDivided("GPU-b", 0), ...aDivided("GPU-a", 1), aGpu({ uuid: "GPU-c", index: 2 })];
  const host = aHost({ reading: aReading({ gpus }), activeJobs: 1 });
  const data = { kind: "fleet" as const, hosts: [host], jobs: [], removedHostIds: [] };
  const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 1_000 });
  const known = [...fleet.hosts.values()][0]!;

  it("count their instances, and what they divide not besides", () => {
    const { gpus: count, busy, unknown } = gpuUse(fleet);
    assert.deepEqual([count, busy, unknown], [5, 1, 0]);
    assert.match(rankHosts(fleet, live, 1_000)[0]!.description, /4 of 5 GPUs free/);
    assert.match(hostTooltip(known, live, 1_000), /\| GPUs \| 4 of 5 free \|/);
  });

  it("show them by index, each instance below its GPU", () => {
    const [row, ...rows] = treeRows(fleet, live, 1_000);
    assert.match(row!.description, /4\/5 free/);
    assert.deepEqual(
      rows.map(({ label }) => label),
      [
        "GPU 0",
        "H100 MIG 1g.10gb",
        "H100 MIG 2g.10gb",
        "GPU 1",
        "H100 MIG 1g.10gb",
        "H100 MIG 2g.10gb",
        "GPU 2",
      ],
    );
    assert.match(gpuTooltip(known, gpus[0]!, 0), /unknown: it is divided, and its parts are used one by one/);
  });

  it("say in the command line's table which is divided", () => {
    const lines = hostListText([host], 1_000, styleFor({ isTTY: false }, {}))
      .split("\n")
      .slice(1);
    assert.deepEqual(
      lines.map((line) => line.trim().split(/ {2,}/).at(-1)),
      ["divided", "free", "free", "divided", "free", "free", "free"],
    );
  });

  it("are read from a service of before, which says nothing of it, as whole", () => {
    const wire = JSON.parse(JSON.stringify(aReading())) as { gpus: Record<string, unknown>[] };
    const { division: _, health: __, throttle: ___, ...before } = wire.gpus[0]!;
    wire.gpus = [before];
    const [gpu] = hostReadingSchema.parse(wire).gpus;
    assert.deepEqual(
      [gpu?.division, gpu?.health, gpu?.throttle],
      [{ kind: "whole" }, { kind: "unknown" }, null],
    );
  });
});
