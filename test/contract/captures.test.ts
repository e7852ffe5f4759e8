import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { linuxCpuPct, parseLinuxCpuTicks } from "../../protocol/probe/linuxCpu.ts";
import { linuxMemory, linuxMemoryKeys } from "../../protocol/probe/linuxMemory.ts";
import { parseNvidiaSmiAppsLine } from "../../protocol/probe/nvidiaSmiApps.ts";
import { cellMetric, cellReason } from "../../protocol/probe/nvidiaSmiCell.ts";
import { nvidiaSmiProblem } from "../../protocol/probe/nvidiaSmiProblem.ts";
import { nvidiaSmiFieldLists, parseNvidiaSmiLine } from "../../protocol/probe/nvidiaSmiRow.ts";
import type { GpuFigures } from "../../protocol/probe/gpuFigures.ts";

const root = process.env["HWLEDGER_CAPTURES"];
const [fields] = nvidiaSmiFieldLists;
const mib = 1024 * 1024;

if (root === undefined) throw new Error("HWLEDGER_CAPTURES names no folder");
describe("captures of nvidia-smi", () => nvidiaSmiCaptures(join(root, "nvidia-smi")));
describe("captures of /proc", () => procCaptures(join(root, "proc")));

it("every folder of captures has a test of what comes out of it, or is not a probe's", () => {
  const tested = ["amd-smi", "intel-gpu-top", "ioreg", "nvidia-smi", "proc", "rocm-smi", "sysctl"];
  tested.push("system_profiler", "tegrastats", "vm_stat", "xpu-smi");
  // No probe asks these: another tool on the same machine says the same without root or an installation.
  const notAsked = ["macmon", "mactop", "nvidia-smi-xml", "nvtop", "powermetrics"];
  const others = ["avahi", "catalogs", "lambda", "modal", "openssh", "runpod", "tailscale", "vast"];
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).sort(), [...tested, ...notAsked, ...others].sort());
});

function nvidiaSmiCaptures(dir: string): void {
  const files = readdirSync(dir);
  const read = (file: string) => readFileSync(join(dir, file), "utf8");
  const named = (pattern: RegExp) => {
    const found = files.filter((file) => pattern.test(file));
    assert.ok(found.length > 0, `no file in ${dir} matches ${pattern.source}`);
    return found;
  };

  for (const file of named(/^query-gpu-all-.*\.csv$/)) {
    it(`${file}: plausible figures, and no figure that the tool did not print`, () => {
      const rows = rowsWithHeader(read(file));
      assert.ok(rows.length > 0);
      for (const row of rows) checkGpu(row);
    });
  }

  for (const file of named(/^(query-gpu-all|subset|gb10|edge|jetson)-.*\.csv$/)) {
    it(`${file}: no cell that is not a number becomes one`, () => {
      for (const cell of read(file).split(/, |\n/)) {
        const metric = cellMetric(cell, { min: 0, max: 1e12 });
        if ("value" in metric) assert.equal(String(metric.value), plainNumber(cell), cell);
        else if (/^\d/.test(cell)) assert.ok(!/^\d+(\.\d+)?( (MiB|%|W))?$/.test(cell), cell);
      }
    });
  }

  for (const file of named(/^(accounted|dmon|help|list|pmon|q-|table|version|edge-.*\.txt|gb10-table)/)) {
    it(`${file}: nothing in it is taken for a GPU or a process, since nobody asked for it`, () => {
      for (const line of read(file).split("\n")) {
        assert.notEqual(parseNvidiaSmiLine(fields, line, 0).kind, "gpu", line);
        assert.notEqual(parseNvidiaSmiAppsLine(line).kind, "process", line);
      }
    });
  }

  const codes: Readonly<Record<string, string>> = {
    "err-couldnt-communicate.txt": "driver-not-loaded",
    "err-device-handle-610.txt": "gpu-lost",
    "err-device-handle-old.txt": "gpu-lost",
    "err-device-handle.txt": "gpu-lost",
    "err-lib-version-mismatch.txt": "version-mismatch",
    "err-no-devices.txt": "no-devices",
    "err-nvml-unknown.txt": "nvml-unknown",
    "err-wsl-driver-not-loaded.txt": "driver-not-loaded",
    "err-wsl-gpu-access-blocked.txt": "blocked",
    "note-exit-14-inforom.txt": "inforom-corrupted",
  };
  for (const file of named(/^(err|note-exit)-.*\.txt$/)) {
    it(`${file}: is the problem ${codes[file] ?? "(a code this test does not know)"}`, () => {
      const sentences = read(file)
        .split("\n")
        .filter((line) => !line.startsWith("rc="));
      for (const line of sentences) assert.notEqual(parseNvidiaSmiLine(fields, line, 0).kind, "gpu", line);
      assert.equal(nvidiaSmiProblem(sentences, null)?.code, codes[file]);
    });
  }

  for (const file of named(/^compute-apps-.*\.csv$/)) {
    it(`${file}: every row is a process`, () => {
      const [header = "", ...rows] = lines(read(file));
      const asked = (row: string) => {
        const cells = row.split(", ");
        return [cells[4], cells[5], cells.at(-1), cells.slice(6, -1).join(", ")].join(", ");
      };
      assert.equal(parseNvidiaSmiAppsLine(asked(header)).kind, "header");
      for (const row of rows) {
        const parsed = parseNvidiaSmiAppsLine(asked(row));
        assert.ok(parsed.kind === "process" && parsed.process.pid > 0, row);
        const { memoryBytes } = parsed.process;
        if ("value" in memoryBytes) assert.ok(row.includes(`${memoryBytes.value / mib} MiB`), row);
        else assert.ok(row.endsWith("[N/A]"), row);
      }
    });
  }
}

/** The figures must be what the cells say, or absent where the cells say why. */
function checkGpu(cells: ReadonlyMap<string, string>): void {
  const line = fields.map((field) => cells.get(field) ?? assert.fail(`no column ${field}`)).join(", ");
  const parsed = parseNvidiaSmiLine(fields, line, 1);
  assert.ok(parsed.kind === "gpu", line);
  const { gpu } = parsed;
  assert.match(gpu.uuid, /^GPU-/);
  assert.equal(gpu.memoryKind, "dedicated");
  assert.equal(gpu.driverVersion, cells.get("driver_version"));
  // All of these machines were well, by what their drivers say.
  assert.deepEqual(gpu.health, { kind: "ok" });
  const mask = cells.get("clocks_event_reasons.active") ?? "";
  assert.deepEqual(gpu.throttle, parseInt(mask.slice(-1), 16) === 4 ? ["power-cap"] : []);
  const figures: [keyof GpuFigures, (typeof fields)[number], number, number, number][] = [
    ["utilizationPct", "utilization.gpu", 1, 0, 100],
    ["memoryUsedBytes", "memory.used", mib, 0, 2e11],
    ["memoryTotalBytes", "memory.total", mib, 4e9, 2e11],
    ["temperatureC", "temperature.gpu", 1, 10, 110],
    ["powerW", "power.draw", 1, 1, 1500],
    ["powerLimitW", "enforced.power.limit", 1, 50, 1500],
  ];
  for (const [key, field, scale, low, high] of figures) {
    const metric = gpu[key] as { value: number } | { unsupported: string };
    const cell = cells.get(field) ?? "";
    if ("value" in metric) {
      assert.equal(metric.value, Number(plainNumber(cell)) * scale, `${field}: ${cell}`);
      assert.ok(metric.value >= low && metric.value <= high, `${field}: ${cell}`);
    } else {
      assert.equal(metric.unsupported, cellReason(cell), `${field}: ${cell}`);
    }
  }
}

function procCaptures(dir: string): void {
  const read = (file: string) => readFileSync(join(dir, file), "utf8");
  const ticksOf = (file: string) => {
    const ticks = parseLinuxCpuTicks(read(file).split("\n")[0] ?? "");
    assert.ok(ticks, file);
    return ticks;
  };
  const shareOf = (before: string, after: string) => linuxCpuPct(ticksOf(before), ticksOf(after));

  it("CPU share between two readings of a real machine", () => {
    const share = shareOf("stat-16cpu-t0.txt", "stat-16cpu-t1.txt");
    assert.ok("value" in share && share.value > 0.5 && share.value < 5, JSON.stringify(share));
  });
  it("CPU share does not jump when counters start anew or a CPU goes", () => {
    const restarted = shareOf("stat-counter-decrease-0.txt", "stat-counter-decrease-1.txt");
    assert.deepEqual(restarted, { unsupported: "not-measured" });
    const after = shareOf("stat-counter-decrease-1.txt", "stat-counter-decrease-2.txt");
    assert.deepEqual(after, { value: 20 });
    assert.ok("value" in shareOf("stat-16cpu-t0.txt", "stat-hotplug-cpu1-gone.txt"));
  });
  for (const file of readdirSync(dir).filter((name) => name.startsWith("meminfo"))) {
    it(`${file}: memory in use is between nothing and all`, () => {
      const text = read(file);
      const cells = linuxMemoryKeys.map((key) => new RegExp(`^${key}: +(\\d+)`, "m").exec(text)?.[1] ?? "-");
      const { memoryTotalBytes: total, memoryUsedBytes: used } = linuxMemory(cells);
      assert.ok("value" in total && total.value > 1e9);
      assert.ok("value" in used && used.value > 0 && used.value < total.value);
    });
  }
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

function rowsWithHeader(text: string): Map<string, string>[] {
  const [header = "", ...rows] = lines(text);
  const names = header.split(", ").map((name) => name.replace(/ \[.*\]$/, ""));
  return rows.map((row) => {
    const cells = row.split(", ");
    assert.equal(cells.length, names.length);
    return new Map(names.map((name, at) => [name, cells[at] ?? ""]));
  });
}

function plainNumber(cell: string): string {
  return String(Number(/^-?[\d.]+/.exec(cell.trim())?.[0] ?? Number.NaN));
}
