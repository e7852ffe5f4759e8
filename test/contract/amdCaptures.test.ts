import { parseAmdSmi } from "../../protocol/probe/amd/amdSmi.ts";
import { amdGpus } from "../../protocol/probe/amd/amdGpus.ts";
import type { AmdAnswer } from "../../protocol/probe/amd/amdAnswer.ts";
import { parseRocmPids } from "../../protocol/probe/amd/rocmPids.ts";
import { parseRocmSmi } from "../../protocol/probe/amd/rocmSmi.ts";
import { eachCapture, gpuInWords, metricInWords } from "./captured.ts";

describe("captures of AMD's tools", () => {
  eachCapture(
    "amd-smi",
    {
      "list-mi355x-amdsmi2620.json": ["AMD GPU, pci:0000:05:00.0"],
      "metric-mem-r9700-plus-8060s.json": [
        "AMD GPU, amd:0, of 34292629504 B",
        "AMD GPU, amd:1, unified, of 103616086016 B, used unified B",
      ],
      "metric-mi355x-amdsmi2620.json": [
        "AMD GPU, amd:0, of 309220868096 B, used 296747008 B, load 0 %, 36 °C, 239 W",
      ],
      "metric-na-apu-watch.txt": ["AMD GPU, amd:0, load not-supported %, not-supported W"],
      "metric-power-rocm61.json": ["AMD GPU, amd:0, 10 W"],
      "metric-text-uppercase.txt": ["problem tool-message"],
      "metric-usage-w7700-rocm63.json": ["AMD GPU, amd:0, load 42 %"],
      "permission-banner-before-json.txt": ["problem no-permission", "AMD Instinct MI300X, amd:0"],
      "process-empty-list.json": ["AMD GPU, amd:2", "no process"],
      "process-mi355x-amdsmi2620.json": ["AMD GPU, amd:0", "process 15910 ?, 0 B"],
      "process-none.json": ["AMD GPU, amd:0", "no process"],
      "static-mi210-rocm7-full.json": [
        "AMD Instinct MI210, amd:0, driver 6.14.0-24-generic, of 68702699520 B, limit 300 W",
      ],
      "static-mi300x-7900xtx-variants.txt": [
        "MI300X, pci:0000:05:00.0, driver 6.10.5, of 206141652992 B",
        "MI300X, pci:0000:05:00.0, driver 6.12.12, of 206141652992 B",
        "MI300X, pci:0000:05:00.0, driver 6.8.5, of 206141652992 B",
        "MI300X, pci:0000:05:00.0, driver 6.8.5, of 206141652992 B",
      ],
      "static-mi300x-rocm101.json": [
        "AMD Instinct MI300X, pci:0000:83:00.0, driver 6.19.14, of 206141652992 B",
      ],
      "static-mi355x-amdsmi2620.json": ["AMD Instinct MI355X, pci:0000:05:00.0, driver 6.16.6, limit 1400 W"],
      "static-r9700-plus-8060s-plus-na.json": [
        "AMD Radeon AI PRO R9700, amd:0, of 34292629504 B",
        "AMD Radeon 8060S Graphics, amd:1, unified, of unified B, used unified B",
        "AMD GPU, amd:2, of not-supported B",
      ],
    },
    (text) => inWords(answersIn(text)),
  );

  eachCapture(
    "rocm-smi",
    {
      "780m-rocm624-full-head.json": [
        "Phoenix3, pci:0000:c4:00.0, unified, of unified B, used unified B, load 19 %, 31 °C, 7.222 W",
      ],
      "7900xtx-short.json": ["AMD GPU, amd:0, of 25753026560 B, used 794341376 B, load 0 %, 49 °C, 19 W"],
      "7900xtx-x4-rocm723.csv": [
        "Radeon RX 7900 XTX, amd:0, of 25753026560 B, used 27947008 B, load 0 %, 31 °C, 19 W",
        "Radeon RX 7900 XTX, amd:1, of 25753026560 B, used 27947008 B, load 0 %, 27 °C, 18 W",
        "Radeon RX 7900 XTX, amd:2, of 25753026560 B, used 27947008 B, load 0 %, 28 °C, 19 W",
      ],
      "beszel-igpu-plus-7900xt.json": [
        "Radeon 680M, amd:0, unified, of unified B, used unified B, load 0 %, 47 °C, 9.215 W",
        "Radeon RX 7900 XT, amd:1, of 25753026560 B, used 794341376 B, load 20.3 %, 49 °C, 19 W",
      ],
      "beszel-radeon680m-igpu.json": [
        "Radeon 680M, amd:0, unified, of unified B, used unified B, load 0 %, 47 °C, 9.215 W",
      ],
      "err-driver-not-initialized-stderr.txt": ["problem driver-not-loaded"],
      "mi250-secondary-die-power.txt": [
        "AMD GPU, amd:0, 237 W",
        "AMD GPU, amd:1, not-supported W",
        "AMD GPU, amd:2, 230 W",
        "AMD GPU, amd:3, not-supported W",
      ],
      "mi300x-meminfo.json": ["AMD GPU, amd:0, of 205822885888 B, used 2654650368 B"],
      "mi300x-showpids.json": ["problem no-devices", "process 28389 llama-server, 2353860608 B on 1 GPU"],
      "mixed-power-keys-rocm60.txt": [
        "AMD GPU, amd:0, not-supported W",
        "AMD GPU, amd:1, 4 W",
        "AMD GPU, amd:2, 3 W",
      ],
      "no-json-data-warning.txt": ["problem tool-message"],
      "old-2019-lowercase-c.json": ["AMD GPU, amd:0, 77 °C, 222 W"],
      "showmemuse-zero.json": ["AMD GPU, amd:0", "AMD GPU, amd:1"],
      "telegraf-mi100_rocm571.json": [
        "Instinct MI100, pci:0000:1e:00.0, driver 6.2.4, of 34342961152 B, used 6782976 B, load 0 %, 31 °C, 39 W, limit 290 W",
        "Instinct MI100, pci:0000:22:00.0, driver 6.2.4, of 34342961152 B, used 6782976 B, load 0 %, 30 °C, 37 W, limit 290 W",
        "Instinct MI100, pci:0000:3f:00.0, driver 6.2.4, of 34342961152 B, used 6782976 B, load 0 %, 31 °C, 35 W, limit 290 W",
        "Instinct MI100, pci:0000:43:00.0, driver 6.2.4, of 34342961152 B, used 6782976 B, load 0 %, 33 °C, 39 W, limit 290 W",
        "Instinct MI100, pci:0000:46:00.0, driver 6.2.4, of 34342961152 B, used 6782976 B, load 0 %, 32 °C, 39 W, limit 290 W",
        "Instinct MI100, pci:0000:49:00.0, driver 6.2.4, of 34342961152 B, used 6782976 B, load 0 %, 33 °C, 40 W, limit 290 W",
        "process 104225 mlir-cpu-runner, 0 B on 0 GPU",
      ],
      "telegraf-mi100_rocm602.json": [
        "Instinct MI100, pci:0000:83:00.0, driver 6.3.6, of 34342961152 B, used 6750208 B, load 0 %, 53 °C, 36 W, limit 290 W",
        "Instinct MI100, pci:0000:a3:00.0, driver 6.3.6, of 34342961152 B, used 6750208 B, load 0 %, 55 °C, 44 W, limit 290 W",
        "Instinct MI100, pci:0000:c3:00.0, driver 6.3.6, of 34342961152 B, used 6750208 B, load 0 %, 54 °C, 43 W, limit 290 W",
        "Instinct MI100, pci:0000:e3:00.0, driver 6.3.6, of 34342961152 B, used 6750208 B, load 0 %, 51 °C, 39 W, limit 290 W",
      ],
      "telegraf-rx6700xt_rocm602.json": [
        "Radeon RX 6700/6700 XT / 6800M, pci:0000:07:00.0, driver 6.3.6, of 12868124672 B, used 1572757504 B, load 0 %, 45 °C, not-supported W, limit 211 W",
      ],
      "telegraf-rx6700xt_rocm612.json": [
        "Radeon RX 6700/6700 XT / 6800M, pci:0000:07:00.0, driver 6.3.6, of 12868124672 B, used 1572745216 B, load 0 %, 45 °C, 6 W, limit 211 W",
      ],
      "telegraf-vega-10-XT.json": [
        "AMD GPU, pci:0000:04:00.0, driver 5.9.25, of 17163091968 B, used 17776640 B, load 0 %, 39 °C, 15 W, limit 170 W",
      ],
      "wandb-mi250x-rocm5-fragment.txt": [
        "AMD INSTINCT MI200 (MCM) OAM LC MBA HPE C2, pci:0000:c9:00.0, load 100 %, 128 W, limit 560 W",
      ],
      "warn-low-power-stderr.txt": ["problem gpu-asleep"],
    },
    (text) => [
      ...inWords([parseRocmSmi(asJson(text))]),
      ...(parseRocmPids(text) ?? []).map(
        ({ pid, name, memoryBytes, gpuCount }) =>
          `process ${pid} ${name}, ${metricInWords(memoryBytes)} B on ${gpuCount} GPU`,
      ),
    ],
  );
});

/** One file lists four answers of different versions, each after its name. */
function answersIn(text: string): AmdAnswer[] {
  const listed = [...text.matchAll(/^[\w. ]+ : ([[{].*)$/gm)];
  return listed.length > 0 ? listed.map(([, answer = ""]) => parseAmdSmi(answer)) : [parseAmdSmi(text)];
}

/** The tool is asked for JSON; its other forms have the same keys, and so show whether those are known. */
function asJson(text: string): string {
  if (text.startsWith("device,")) return csvAsJson(text);
  const cards = new Map<string, Record<string, string>>();
  for (const [, number = "", key = "", value = ""] of text.matchAll(/^GPU\[(\d+)\]\s*: (.+): (.+)$/gm))
    cards.set(`card${number}`, { ...cards.get(`card${number}`), [key]: value });
  if (cards.size > 0) return JSON.stringify(Object.fromEntries(cards));
  if (text.startsWith('"Performance')) return `{"card0": {${text.slice(0, text.lastIndexOf(","))}}}`;
  return text;
}

function csvAsJson(text: string): string {
  const [header = [], ...rows] = text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const cards = rows.map(([device = "", ...cells]): [string, Record<string, string>] => [
    device,
    Object.fromEntries(cells.map((cell, at) => [header[at + 1] ?? "", cell])),
  ]);
  return JSON.stringify(Object.fromEntries(cards));
}

function inWords(answers: readonly AmdAnswer[]): string[] {
  return answers.flatMap(({ parts, problem }) => [
    ...(problem === null ? [] : [`problem ${problem.code}`]),
    ...amdGpus([parts], 0).map(gpuInWords),
    ...parts.flatMap(({ processes }) =>
      processes?.length === 0
        ? ["no process"]
        : (processes ?? []).map(
            ({ pid, name, memoryBytes }) => `process ${pid} ${name}, ${metricInWords(memoryBytes)} B`,
          ),
    ),
  ]);
}
