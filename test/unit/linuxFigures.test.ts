import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { darwinMemory, parseVmStat } from "../../protocol/probe/darwinMemory.ts";
import { linuxCpuPct, parseLinuxCpuTicks } from "../../protocol/probe/linuxCpu.ts";
import { parseDfLine } from "../../protocol/probe/linuxDisk.ts";
import { linuxGroupMemory, linuxMemory, linuxMemoryKeys } from "../../protocol/probe/linuxMemory.ts";

const ticks = (line: string) => {
  const parsed = parseLinuxCpuTicks(line);
  assert.ok(parsed);
  return parsed;
};

describe("CPU share on Linux", () => {
  it("is the busy part of the ticks between two readings, without guest time", () => {
    const before = ticks("cpu  100 0 50 800 50 0 0 0 90 0");
    const after = ticks("cpu  160 0 70 880 60 5 5 20 500 0");
    assert.deepEqual(linuxCpuPct(before, after), { value: 55 });
  });
  it("has no figure at the first reading, without progress, or after the counters started anew", () => {
    const some = ticks("cpu 38 0 0 100 40 1 0 0 0 0");
    const none = { unsupported: "not-measured" };
    assert.deepEqual(linuxCpuPct(null, some), none);
    assert.deepEqual(linuxCpuPct(some, some), none);
    assert.deepEqual(linuxCpuPct(ticks("cpu 18 0 0 100 80 2 0 0 0 0"), some), none);
  });
  it("counts a single column that went down as standing still", () => {
    const share = linuxCpuPct(ticks("cpu 10 0 0 100 80 2 0 0"), ticks("cpu 40 0 0 160 75 2 0 0"));
    assert.deepEqual(share, { value: 33.3 });
  });
  it("reads old kernels with four columns, and nothing else", () => {
    assert.deepEqual(linuxCpuPct(ticks("cpu 1 1 1 1"), ticks("cpu 2 2 2 1")), { value: 100 });
    for (const line of ["-", "", "cpu0 1 2 3 4", "cpu a b c d", "cpu 1 2", "cpu 1 2 3 -4"]) {
      assert.equal(parseLinuxCpuTicks(line), null, line);
    }
  });
});

describe("memory on Linux", () => {
  const cellsOf = (text: string) =>
    linuxMemoryKeys.map((key) => new RegExp(`^${key}: +(\\d+) kB$`, "m").exec(text)?.[1] ?? "-");

  it("counts as used what is not available", () => {
    const cells = ["16201888", "1834660", "14221924", "2328512", "10074816", "1878340", "655156"];
    assert.deepEqual(linuxMemory(cells), {
      memoryTotalBytes: { value: 16201888 * 1024 },
      memoryUsedBytes: { value: (16201888 - 14221924) * 1024 },
    });
  });
  it("adds up what old kernels can give back", () => {
    const text = readFileSync(new URL("../fixtures/probe/meminfo-old-kernel.txt", import.meta.url), "utf8");
    const { memoryUsedBytes } = linuxMemory(cellsOf(text));
    assert.deepEqual(memoryUsedBytes, {
      value: (8000000 - 1000000 - 200000 - 3000000 - 400000 + 100000) * 1024,
    });
  });
  it("says that there is no figure when there is none", () => {
    const none = { unsupported: "not-supported" };
    assert.deepEqual(linuxMemory(["-", "-", "-"]), { memoryTotalBytes: none, memoryUsedBytes: none });
    assert.deepEqual(linuxMemory(["100", "-", "-"]), {
      memoryTotalBytes: { value: 102400 },
      memoryUsedBytes: none,
    });
  });
  it("believes a container's limit when it is below the machine's memory", () => {
    const machine = linuxMemory(["1000", "500", "500"]);
    assert.deepEqual(linuxGroupMemory(machine, ["400000", "300000", "100000"]), {
      memoryTotalBytes: { value: 400000 },
      memoryUsedBytes: { value: 200000 },
    });
    assert.equal(linuxGroupMemory(machine, ["max", "300000", "-"]), machine);
    assert.equal(linuxGroupMemory(machine, ["-", "-", "-"]), machine);
    assert.equal(linuxGroupMemory(machine, ["99999999999", "300000", "-"]), machine);
  });
});

describe("df -Pk", () => {
  it("reads the line of a file system, blanks and all", () => {
    assert.deepEqual(parseDfLine("/dev/vda   264212084 24702884  81688028      24% /"), {
      diskTotalBytes: { value: 264212084 * 1024 },
      diskUsedBytes: { value: 24702884 * 1024 },
    });
    assert.ok(parseDfLine("//nas/team share 1000 500 500 50% /home/my files"));
    assert.ok(parseDfLine("tank/home 1000 1200 -200 100% /home"));
  });
  it("passes over its header, its complaints and empty file systems", () => {
    for (const line of [
      "Filesystem     1024-blocks     Used Available Capacity Mounted on",
      "df: /home/x: Stale file handle",
      "proc 0 0 0 - /proc",
      "",
    ]) {
      assert.equal(parseDfLine(line), null, line);
    }
  });
});

describe("memory of a Mac", () => {
  const text = [
    "Mach Virtual Memory Statistics: (page size of 16384 bytes)",
    "Pages free:                                     3846.",
    "Pages active:                                    100.",
    "Pages wired down:                                 50.",
    '"Translation faults":                     6471500977.',
    "Pages occupied by compressor:                     25.",
  ];
  it("counts active, wired and compressed pages as used", () => {
    assert.deepEqual(darwinMemory(1e9, parseVmStat(text)), {
      memoryTotalBytes: { value: 1e9 },
      memoryUsedBytes: { value: 175 * 16384 },
    });
  });
  it("does not guess from a part of the pages", () => {
    const none = { unsupported: "not-measured" };
    assert.deepEqual(darwinMemory(null, parseVmStat(text.slice(0, 3))), {
      memoryTotalBytes: none,
      memoryUsedBytes: none,
    });
    assert.deepEqual(darwinMemory(5, parseVmStat(["no"])).memoryUsedBytes, none);
  });
});
