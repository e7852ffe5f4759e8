import assert from "node:assert/strict";
import fc from "fast-check";
import { amdGpus } from "../../protocol/probe/amd/amdGpus.ts";
import { parseAmdSmi } from "../../protocol/probe/amd/amdSmi.ts";
import { parseRocmPids } from "../../protocol/probe/amd/rocmPids.ts";
import { parseRocmSmi } from "../../protocol/probe/amd/rocmSmi.ts";
import { parseMacAccelerators } from "../../protocol/probe/apple/accelerators.ts";
import { parseMacDisplays } from "../../protocol/probe/apple/displays.ts";
import { macGpus } from "../../protocol/probe/apple/macGpus.ts";
import { intelGpuTopSample } from "../../protocol/probe/intel/intelGpuTop.ts";
import { parseXpuDiscovery, XpuDump } from "../../protocol/probe/intel/xpuSmi.ts";
import { parseTegrastatsLine } from "../../protocol/probe/jetson/tegrastats.ts";
import { jsonAmid } from "../../protocol/probe/jsonAmid.ts";
import { looseFigure } from "../../protocol/probe/looseFigure.ts";
import { parseNvidiaSmiAppsLine } from "../../protocol/probe/nvidiaSmiApps.ts";
import { nvidiaSmiFieldLists, parseNvidiaSmiLine } from "../../protocol/probe/nvidiaSmiRow.ts";

const mib = 1024 ** 2;

/** Answers of each tool in which no figure is 0, so that a 0 that comes out of them was made up. */
const answers: Readonly<Record<string, { text: string; parse: (text: string) => unknown }>> = {
  "amd-smi metric": {
    text: `{"gpu_data": [{"gpu": 1, "usage": {"gfx_activity": {"value": 42, "unit": "%"}, "umc_activity": "N/A"},
 "power": {"socket_power": {"value": 239, "unit": "W"}}, "temperature": {"edge": "N/A", "hotspot": {"value": 36, "unit": "C"}},
 "mem_usage": {"total_vram": {"value": 294896, "unit": "MB"}, "used_vram": {"value": 283, "unit": "MB"}}}]}`,
    parse: (text) => amdGpus([parseAmdSmi(text).parts], 7),
  },
  "amd-smi process": {
    text: `[{"gpu": 1, "process_list": [{"process_info": {"name": "python3", "pid": 1591, "memory_usage": {"vram_mem": {"value": 1234, "unit": "B"}}}}]}]`,
    parse: (text) => parseAmdSmi(text).parts.map(({ processes }) => processes),
  },
  "rocm-smi": {
    text: `WARNING: something\n{"card1": {"GPU use (%)": "19", "Temperature (Sensor edge) (C)": "31.5", "Average Graphics Package Power (W)": "39.1",
 "Max Graphics Package Power (W)": "291.5", "PCI Bus": "1111:1E:11.1", "VRAM Total Memory (B)": "34342961152", "VRAM Total Used Memory (B)": "6782976",
 "Card series": "Arcturus GL-XL [Instinct MI111]"}, "system": {"Driver version": "6.2.4"}}`,
    parse: (text) => amdGpus([parseRocmSmi(text).parts], 7),
  },
  "rocm-smi --showpids": {
    text: `{"system": {"PID28389": "llama, server, 1, 2353867, 11, 11"}}`,
    parse: parseRocmPids,
  },
  system_profiler: {
    text: `{"SPDisplaysDataType": [{"_name": "Radeon RX 581", "spdisplays_vendor": "sppci_vendor_amd", "spdisplays_vram": "8 GB", "sppci_model": "Radeon RX 581"},
 {"_name": "Apple M3 Max", "spdisplays_vendor": "sppci_vendor_Apple", "sppci_cores": "41", "sppci_model": "Apple M3 Max"}]}`,
    parse: (text) => macGpus(parseMacDisplays(text), [], { totalBytes: null, wiredLimitMib: null }, 7),
  },
  ioreg: {
    text: `+-o AGXAcceleratorG16G  <class AGXAcceleratorG16G, id 0x1, registered>\n  {
      "PerformanceStatistics" = {"Alloc system memory"=2679144448,"Device Utilization %"=23,"In use system memory"=725286912}
      "model" = "Apple M4"\n      "gpu-core-count" = 11\n  }`,
    parse: (text) => macGpus(null, parseMacAccelerators(text), { totalBytes: null, wiredLimitMib: null }, 7),
  },
  tegrastats: {
    text: "11-15-2124 18:38:19 RAM 6185/7621MB (lfb 8x2MB) CPU [15%@729] EMC_FREQ 43%@2133 GR3D_FREQ 63%@[621] APE 211 gpu@53.343C tj@53.968C VDD_IN 12479mW/12479mW VDD_CPU_GPU_CV 4667mW/4667mW",
    parse: parseTegrastatsLine,
  },
  intel_gpu_top: {
    text: `[\n{"period": {"duration": 1155.79, "unit": "ms"}, "power": {"GPU": 3.23, "unit": "W"}, "engines": {"Render/3D/1": {"busy": 96.9, "unit": "%"}, "Video/1": {"busy": 72.9, "unit": "%"}}}\n]`,
    parse: (text) => {
      const { value } = jsonAmid(text);
      return intelGpuTopSample(Array.isArray(value) ? value[0] : value);
    },
  },
  "xpu-smi dump": {
    text: "Timestamp, DeviceId, GPU Utilization (%), GPU Power (W), GPU Core Temperature (Celsius Degree), GPU Memory Used (MiB)\n11:18:16.817,    1,  N/A, 281.13, 35.5, 17.5\n11:18:17.817,    1, 43.1, 281.13,  , 17.5",
    parse: (text) => {
      const dump = new XpuDump();
      return text.split("\n").map((line) => dump.line(line)?.figures);
    },
  },
  "xpu-smi discovery": {
    text: `{"device_list": [{"device_id": 1, "device_name": "Intel(R) Graphics [1xe211]", "memory_physical_size_byte": "25669141481", "pci_bdf_address": "1111:97:11.1"}]}`,
    parse: (text) => parseXpuDiscovery(text).devices.map(({ memoryTotalBytes }) => memoryTotalBytes),
  },
  "nvidia-smi": {
    text: "GPU-1a1a1a1a-1111-4222-8333-11111111111a, 1, 11111111:1A:11.1, 595.81, 24576, 21911, 88, 79, 331.71, 351.11, 0x0000000000000024, 3, Yes, No, No, None, Disabled, NVIDIA GeForce RTX 3191",
    parse: (text) => text.split("\n").map((line) => parseNvidiaSmiLine(nvidiaSmiFieldLists[0], line, 7)),
  },
  "nvidia-smi processes": {
    text: "GPU-1a1a1a1a-1111-4222-8333-11111111111a, 4711, 21911, /usr/bin/python3",
    parse: (text) => text.split("\n").map((line) => parseNvidiaSmiAppsLine(line)),
  },
};

/** Every `{ value }` in a result. */
function figuresIn(result: unknown): number[] {
  if (Array.isArray(result)) return result.flatMap(figuresIn);
  if (typeof result !== "object" || result === null) return [];
  if ("value" in result && typeof result.value === "number" && Object.keys(result).length === 1)
    return [result.value];
  return Object.values(result).flatMap(figuresIn);
}

/** What may happen to an answer on its way; nothing of it brings a 0 that was not there. */
const junk = fc.oneof(
  fc.constantFrom(
    "N/A",
    "[N/A]",
    "null",
    "{}",
    "[]",
    '"',
    "{",
    "}",
    "\n",
    ",",
    ": ",
    "ERROR",
    "-",
    "99999999999999999999",
    "\u0000",
    "é",
    "NaN",
    "e",
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replace(/0/g, "x")),
);
const harm = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  takes: fc.nat({ max: 40 }),
  puts: junk,
});

function harmed(text: string, harms: readonly { at: number; takes: number; puts: string }[]): string {
  return harms.reduce((now, { at, takes, puts }) => {
    const from = Math.floor(at * now.length);
    return now.slice(0, from) + puts + now.slice(from + takes);
  }, text);
}

describe("an answer of a GPU's tool", () => {
  for (const [tool, { text, parse }] of Object.entries(answers)) {
    it(`of ${tool} has figures, and none of them is 0`, () => {
      const figures = figuresIn(parse(text));
      assert.ok(figures.length > 0);
      assert.ok(
        figures.every((value) => value > 0),
        figures.join(),
      );
    });

    it(`of ${tool}, damaged in whatever way, is no error and never becomes a 0`, () => {
      fc.assert(
        fc.property(fc.array(harm, { minLength: 1, maxLength: 6 }), (harms) => {
          const broken = harmed(text, harms);
          for (const value of figuresIn(parse(broken)))
            assert.ok(Number.isFinite(value) && value !== 0, `${value} from ${broken}`);
        }),
        { numRuns: 400 },
      );
    });

    it(`of ${tool} that is cut anywhere is no error and never becomes a 0`, () => {
      for (let length = 0; length < text.length; length += 1)
        for (const value of figuresIn(parse(text.slice(0, length))))
          assert.ok(value > 0, text.slice(0, length));
    });

    it(`of ${tool} may be any text`, () => {
      fc.assert(
        fc.property(fc.string({ maxLength: 200, unit: "binary" }), (any) => void parse(any)),
        { numRuns: 200 },
      );
    });
  }
});

describe("a figure of a tool that is free with its forms", () => {
  const limits = { min: 0, max: 100 };
  const forms: [unknown, ReturnType<typeof looseFigure>][] = [
    [36, { value: 36 }],
    ["36", { value: 36 }],
    ["36.5 W", { value: 36.5 }],
    ["20%", { value: 20 }],
    ["(50Mhz)", { value: 50 }],
    [{ value: 42, unit: "%" }, { value: 42 }],
    [{ value: "N/A", unit: "%" }, { unsupported: "not-supported" }],
    ["N/A", { unsupported: "not-supported" }],
    ["N/A (Secondary die)", { unsupported: "not-supported" }],
    ["", { unsupported: "not-supported" }],
    ["None", { unsupported: "not-supported" }],
    [null, { unsupported: "not-supported" }],
    [undefined, { unsupported: "unknown-field" }],
    [65535, { unsupported: "error" }],
    ["18446744071562067968", { unsupported: "error" }],
    [Number.NaN, { unsupported: "error" }],
    ["about 5", { unsupported: "error" }],
    [[], { unsupported: "error" }],
    [true, { unsupported: "error" }],
  ];
  for (const [raw, metric] of forms)
    it(`${JSON.stringify(raw) ?? "nothing"} is ${JSON.stringify(metric)}`, () => {
      assert.deepEqual(looseFigure(raw, limits), metric);
    });
  it("is a whole number of bytes, whatever the unit", () => {
    assert.deepEqual(looseFigure("17.52", { min: 0, max: 100, scale: mib }), { value: 18_371_052 });
  });
});

describe("JSON amid words", () => {
  it("is found after a banner and before a warning, and the words are kept", () => {
    const { value, said } = jsonAmid(
      'Permission needed {for it}\n[not json\n{"a": ["}", "\\""]}\nWARNING: low\n',
    );
    assert.deepEqual(value, { a: ["}", '"'] });
    assert.equal(said, "Permission needed {for it}\n[not json\n\nWARNING: low");
  });
  it("that is cut is none", () => {
    assert.deepEqual(jsonAmid('{"a": 1'), { value: undefined, said: '{"a": 1' });
  });
  it("costs no more than its length where every line looks like its beginning", () => {
    assert.equal(jsonAmid("[\n".repeat(1_000_000)).value, undefined);
  });
});

describe("an AMD GPU from several answers", () => {
  const list = parseAmdSmi(
    '[{"gpu": 0, "bdf": "0000:05:00.0", "uuid": "75ff75a3-0000-1000-80e3-fd74aab3f72c"}]',
  );
  const fixed = parseAmdSmi(
    '{"gpu_data": [{"gpu": 0, "asic": {"market_name": "AMD Instinct MI355X"}, "limit": {"max_power": {"value": 1400, "unit": "W"}}, "driver": {"version": "6.16.6"}}]}',
  );
  it("has what each of them says, under its PCI address", () => {
    const metric = parseAmdSmi(
      '{"gpu_data": [{"gpu": 0, "usage": {"gfx_activity": {"value": 7, "unit": "%"}}}]}',
    );
    const [gpu, ...others] = amdGpus([list.parts, fixed.parts, metric.parts], 9);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [gpu?.uuid, gpu?.name, gpu?.utilizationPct, gpu?.powerLimitW, gpu?.driverVersion, gpu?.atMs],
      ["pci:0000:05:00.0", "AMD Instinct MI355X", { value: 7 }, { value: 1400 }, "6.16.6", 9],
    );
  });
  it("in a processor has its carve-out and its share of the machine's memory together", () => {
    const metric = parseAmdSmi(
      `{"gpu_data": [{"gpu": 0, "asic": {"market_name": "AMD Radeon 8060S Graphics"}, "mem_usage": {"total_vram": {"value": 512, "unit": "MB"},
       "used_vram": {"value": 100, "unit": "MB"}, "total_gtt": {"value": 98304, "unit": "MB"}, "used_gtt": {"value": 28, "unit": "MB"}}}]}`,
    );
    const [gpu] = amdGpus([metric.parts], 9);
    assert.deepEqual(
      [gpu?.memoryKind, gpu?.memoryTotalBytes, gpu?.memoryUsedBytes],
      ["unified", { value: 98_816 * mib }, { value: 128 * mib }],
    );
  });
  it("that hangs is not idle: a 0 beside an error is none", () => {
    const { parts, problem } = parseRocmSmi(
      'ERROR: GPU[0]: get_gpu_use failed\n{"card0": {"GPU use (%)": "0", "Temperature (Sensor edge) (C)": "44.0"}}',
    );
    const [gpu] = amdGpus([parts], 9);
    assert.deepEqual([gpu?.utilizationPct, gpu?.temperatureC], [{ unsupported: "error" }, { value: 44 }]);
    assert.equal(problem?.code, "tool-message");
  });
});
