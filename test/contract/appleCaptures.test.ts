import { parseVmStat, darwinMemory } from "../../protocol/probe/darwinMemory.ts";
import { parseMacAccelerators } from "../../protocol/probe/apple/accelerators.ts";
import { parseMacDisplays } from "../../protocol/probe/apple/displays.ts";
import { macGpus } from "../../protocol/probe/apple/macGpus.ts";
import { HostFiguresBoard } from "../../protocol/probe/hostFigures.ts";
import { eachCapture, gpuInWords, metricInWords } from "./captured.ts";

const gib = 1024 ** 3;

describe("captures of macOS", () => {
  eachCapture(
    "system_profiler",
    {
      "intel-masked-full-layout.json": [
        "? cores, Intel UHD Graphics, mac:intel:0, unified, of unified B, used unified B, load not-measured %, not-supported °C, not-supported W, limit not-supported W",
        "? cores, Intel UHD Graphics 2, mac:intel:1, unified, of unified B, used unified B, load not-measured %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "intel-uhd630-plus-radeon.json": [
        "? cores, Intel UHD Graphics 630, mac:intel:0, unified, of unified B, used unified B, load not-measured %, not-supported °C, not-supported W, limit not-supported W",
        "? cores, Radeon RX 580, mac:amd:0, of 8589934592 B, used not-measured B, load not-measured %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "listDataTypes.txt": ["no answer"],
      "m1-2021-kHW-name.json": [
        "8 cores, Apple M1, mac:apple:0, unified, of 17179869184 B, used not-measured B, load not-measured %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "m3max-headless-live.json": [
        "40 cores, Apple M3 Max, mac:apple:0, unified, of 17179869184 B, used not-measured B, load not-measured %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "m3pro-two-displays.json": [
        "14 cores, Apple M3 Pro, mac:apple:0, unified, of 17179869184 B, used not-measured B, load not-measured %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "vm-bochs-vga.json": ["no GPU"],
    },
    (text) => {
      const displays = parseMacDisplays(text);
      if (displays === null) return ["no answer"];
      if (displays.length === 0) return ["no GPU"];
      const memory = { totalBytes: 24 * gib, wiredLimitMib: null };
      return macGpus(displays, [], memory, 0).map(
        (gpu, at) => `${displays[at]?.cores ?? "?"} cores, ${gpuInWords(gpu)}`,
      );
    },
  );

  eachCapture(
    "ioreg",
    {
      "intel-mac-amd-plus-intel.txt": [
        "AMD GPU, mac:amd:0, of 4294967296 B, used 1073741824 B, load 17 %, not-supported °C, not-supported W, limit not-supported W",
        "Intel GPU, mac:intel:0, unified, of unified B, used unified B, load 2 %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "m1-8core.txt": [
        "Apple M1, mac:apple:0, unified, of 128849018880 B, used 268435456 B, load 6 %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "m4-full-keys.txt": [
        "Apple M4, mac:apple:0, unified, of 128849018880 B, used 33390592 B, load 25 %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "m4-model-after-stats.txt": [
        "Apple M4, mac:apple:0, unified, of 128849018880 B, used 725286912 B, load 23 %, not-supported °C, not-supported W, limit not-supported W",
      ],
      "m5-class-g17x.txt": [
        "Apple GPU, mac:apple:0, unified, of 128849018880 B, used 479608832 B, load 37 %, not-supported °C, not-supported W, limit not-supported W",
      ],
    },
    (text) => {
      const memory = { totalBytes: null, wiredLimitMib: 122_880 };
      return macGpus(null, parseMacAccelerators(text), memory, 0).map(gpuInWords);
    },
  );

  eachCapture(
    "vm_stat",
    {
      "intel-4096.txt": ["used not-measured B"],
      "live-24gib.txt": ["used 17035427840 B"],
      "live-with-quoted-key.txt": ["used not-measured B"],
    },
    (text) => {
      const pages = parseVmStat(text.split("\n"));
      return [`used ${metricInWords(darwinMemory(24 * gib, pages).memoryUsedBytes)} B`];
    },
  );

  eachCapture(
    "sysctl",
    { "hw.txt": ["memory 137438953472 B"], "swapusage.txt": ["memory not-measured B"] },
    (text) => {
      const board = new HostFiguresBoard();
      for (const line of ["Mach Virtual Memory Statistics: (page size of 16384 bytes)", ...text.split("\n")])
        board.line("O", line, 0);
      return [`memory ${metricInWords(board.figures(0).memoryTotalBytes)} B`];
    },
  );
});
