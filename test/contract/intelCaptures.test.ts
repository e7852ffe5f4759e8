import { intelGpuTopSample } from "../../protocol/probe/intel/intelGpuTop.ts";
import { parseXpuDiscovery, XpuDump, xpuGpu } from "../../protocol/probe/intel/xpuSmi.ts";
import { parseTegrastatsLine } from "../../protocol/probe/jetson/tegrastats.ts";
import { jsonAmid } from "../../protocol/probe/jsonAmid.ts";
import { eachCapture, gpuInWords, metricInWords } from "./captured.ts";

describe("captures of Intel's tools", () => {
  eachCapture(
    "intel-gpu-top",
    {
      "json-object-arc-a310.json": ["no whole sample"],
      "json-object-arc-a750-head.json": ["no whole sample"],
      "netdata-igt.json": ["load 96.092944 %", "3.233528 W"],
      "text-l-headers-variants.txt": ["no whole sample"],
      "text-l-rcs-bcs-vcs.txt": ["no whole sample"],
    },
    (text) => {
      const sample = intelGpuTopSample(jsonAmid(text).value);
      if (sample === null) return ["no whole sample"];
      return [`load ${metricInWords(sample.utilizationPct)} %`, `${metricInWords(sample.powerW)} W`];
    },
  );

  eachCapture(
    "xpu-smi",
    {
      "discovery-arc-pro-b60.json": [
        "Intel Graphics [0xe211], pci:0000:97:00.0, driver 7B7A46009E666C4D10E1134, of 25669140480 B, used not-measured B, load not-measured %, not-measured °C, not-measured W, limit not-supported W",
      ],
      "dump-4xA770-na.csv": [
        "0: used 18371052 B, load not-supported %",
        "1: used 18371052 B, load not-supported %",
        "2: used 51600425 B, load not-supported %",
        "3: used 18371052 B, load not-supported %",
      ],
      "dump-date-iso.csv": [
        "0: load 0 %, 24 °C, 42.99 W",
        "0: load 0 %, 25 °C, 43.1 W",
        "0: load 0 %, 24 °C, 43.09 W",
      ],
      "dump-flex170-empty-cells.csv": [
        "0: load not-supported %, not-supported °C, 43.72 W",
        "0: load not-supported %, not-supported °C, 43.74 W",
        "0: load not-supported %, not-supported °C, 43.72 W",
        "0: load not-supported %, not-supported °C, 43.72 W",
        "0: load not-supported %, not-supported °C, 43.72 W",
        "0: load not-supported %, not-supported °C, 43.7 W",
      ],
      "dump-max1550-util-na.csv": [
        "0: load not-supported %, 35.5 °C, 281.13 W",
        "1: load not-supported %, 38.5 °C, 286.48 W",
        "2: load not-supported %, 37.5 °C, 281.28 W",
        "3: load not-supported %, 37.5 °C, 293.19 W",
        "4: load not-supported %, 42.5 °C, 292.32 W",
        "5: load not-supported %, 40.5 °C, 284.67 W",
        "0: load not-supported %, 35.5 °C, 293.78 W",
        "1: load not-supported %, 38.5 °C, 287.05 W",
        "2: load not-supported %, 37 °C, 281.7 W",
        "3: load not-supported %, 38 °C, 293.61 W",
        "4: load not-supported %, 42.5 °C, 292.31 W",
        "5: load not-supported %, 41 °C, 284.77 W",
        "0: load not-supported %, 40.5 °C, 409.54 W",
      ],
      "dump-xpumcli-2022-empty-cells.csv": [
        "0: load not-supported %, not-supported °C, 44.6 W",
        "0: load not-supported %, not-supported °C, 44.6 W",
        "0: load not-supported %, not-supported °C, 44.61 W",
        "0: load not-supported %, not-supported °C, 44.62 W",
      ],
      "dump-xpumcli-2022-rawdata-tile.csv": [
        "0: load 0 %, 31 °C, 11 W",
        "0: load 0 %, 31 °C, 11 W",
        "0: load 0 %, 30 °C, 11 W",
        "0: load 0 %, 31 °C, 11 W",
      ],
      "table-2.0-A770.txt": ["no row"],
    },
    (text) => {
      if (text.startsWith("{"))
        return parseXpuDiscovery(text).devices.map((device) => gpuInWords(xpuGpu(device, null, 0)));
      const dump = new XpuDump();
      const rows = text.split("\n").flatMap((line) => dump.line(line) ?? []);
      if (rows.length === 0) return ["no row"];
      return rows.map(({ number, figures }) => `${number}: ${gpuInWords(figures)}`);
    },
  );
});

describe("captures of a Jetson", () => {
  eachCapture(
    "tegrastats",
    {
      "beszel-lines.txt": [
        "of 32189186048 B, used 4508876800 B, load 45 %, not-supported °C, 2.171 W",
        "of 7990149120 B, used 6485442560 B, load 63 %, 53.343 °C, 4.667 W",
        "of 7990149120 B, used 3619684352 B, load 0 %, 49.031 °C, 0.518 W",
        "of 8240758784 B, used 3435134976 B, load 0 %, 39.5 °C, 0.182 W",
      ],
    },
    (text) =>
      text.split("\n").flatMap((line) => {
        const figures = parseTegrastatsLine(line);
        return figures === null ? [] : [gpuInWords(figures)];
      }),
  );
});
