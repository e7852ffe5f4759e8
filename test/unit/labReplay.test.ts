import assert from "node:assert/strict";
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createLabGpuFiles, type LabGpuFiles } from "../lab/labGpuFiles.ts";
import { runCommand } from "../lab/runCommand.ts";

const fixtures = fileURLToPath(new URL("../fixtures/lab/", import.meta.url));

describe("the lab's nvidia-smi", () => {
  let dir: string;
  let tool: string;
  let files: LabGpuFiles;

  async function install(host: string) {
    const data = join(dir, "share/nvidia-smi");
    await mkdir(join(dir, "bin"), { recursive: true });
    await cp(join(fixtures, host), data, { recursive: true });
    for (const name of ["fields.txt", "nvidia-smi.awk"])
      await copyFile(join(fixtures, name), join(data, name));
    tool = join(dir, "bin/nvidia-smi");
    await copyFile(join(fixtures, "nvidia-smi"), tool);
    await chmod(tool, 0o755);
    files = createLabGpuFiles(data);
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "lab-replay-"));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it("prints the asked columns in the asked order, by canonical name or alias", async () => {
    await install("rtx-box");
    const { code, stdout } = await runCommand([
      tool,
      "--query-gpu=memory.total,clocks.sm,gpu_name,index",
      "--format=csv,noheader,nounits",
    ]);
    assert.equal(code, 0);
    assert.equal(stdout, "24564, 345, NVIDIA GeForce RTX 4090, 0\n");
  });

  it("keeps units in the header, and in the cells unless told otherwise", async () => {
    await install("rtx-box");
    const query = "--query-gpu=memory.used,power.draw,utilization.gpu,ecc.mode.current,gpu_name";
    const bare = await runCommand([tool, query, "--format=csv,nounits"]);
    const full = await runCommand([tool, query, "--format=csv"]);
    const header = "memory.used [MiB], power.draw [W], utilization.gpu [%], ecc.mode.current, name";
    assert.equal(bare.stdout, `${header}\n611, 27.43, 3, [N/A], NVIDIA GeForce RTX 4090\n`);
    assert.equal(full.stdout, `${header}\n611 MiB, 27.43 W, 3 %, [N/A], NVIDIA GeForce RTX 4090\n`);
  });

  it("refuses the whole call for one unknown field", async () => {
    await install("rtx-box");
    const { code, stdout, stderr } = await runCommand([
      tool,
      "--query-gpu=uuid,flux",
      "--format=csv,noheader",
    ]);
    assert.equal(code, 2);
    assert.equal(stdout.trim(), 'Field "flux" is not a valid field to query.');
    assert.equal(stderr, "");
  });

  it("names every field it answers in its help", async () => {
    await install("rtx-box");
    const { stdout } = await runCommand([tool, "--help-query-gpu"]);
    const names = [...stdout.matchAll(/^"([\w.]+)"(?: or "([\w.]+)")?$/gm)].map((match) => match[1]);
    assert.ok(names.length > 200);
    const answer = await runCommand([
      tool,
      `--query-gpu=${names.join(",")}`,
      "--format=csv,noheader,nounits",
    ]);
    assert.equal(answer.code, 0);
    assert.equal(answer.stdout.trim().split(", ").length, names.length);
  });

  it("lists compute processes, whose names may hold commas", async () => {
    await install("h100-node");
    const { stdout } = await runCommand([
      tool,
      "--query-compute-apps=pid,used_memory,process_name",
      "--format=csv,noheader,nounits",
    ]);
    assert.equal(stdout.trim().split("\n").at(-1), "51877, 66090, /usr/local/bin/vllm serve, tensor 1");
  });

  it("prints a lost GPU's sentence between the rows of the others and exits with 15", async () => {
    await install("worn-3090");
    const { code, stdout } = await runCommand([
      tool,
      "--query-gpu=index,memory.used",
      "--format=csv,noheader,nounits",
    ]);
    assert.equal(code, 15);
    const lost = "Unable to determine the device handle for GPU0000:81:00.0: Unknown Error";
    assert.equal(stdout, `0, 18\n${lost}\n[Unknown Error], [Unknown Error]\n2, 20911\n`);
  });

  it("reads the figures anew for every sample of its loop, and ends when the tool breaks", async () => {
    await install("rtx-box");
    const uuid = files.read()[0]?.uuid ?? "";
    const loop = spawn(tool, ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "20"]);
    try {
      const ended = once(loop, "close");
      const seen: string[] = [];
      for await (const line of createInterface(loop.stdout)) {
        if (seen.at(-1) !== line) seen.push(line);
        if (line === "3") files.update(uuid, { "utilization.gpu": "93" });
        if (line === "93") files.breakTool(9, "the driver is gone");
      }
      assert.deepEqual(seen, ["3", "93", "the driver is gone"]);
      assert.deepEqual(await ended, [9, null]);
    } finally {
      loop.kill("SIGKILL");
    }
  });

  it("ignores a polite end when it hangs", async () => {
    await install("rtx-box");
    files.hangTool();
    const argv = ["timeout", "--kill-after=0.2", "0.2", tool, "-L"];
    const { code, stdout } = await runCommand(argv);
    assert.equal(code, null); // 124 if SIGTERM had been enough; SIGKILL takes timeout's group, itself included
    assert.equal(stdout, "");
  });

  it("lets figures drift only when told to, and leaves the rest alone", async () => {
    await install("h100-node");
    const argv = [tool, "--query-gpu=index,utilization.gpu,memory.total", "--format=csv,noheader,nounits"];
    const still = await runCommand(argv);
    assert.equal(still.stdout.split("\n")[0], "0, 97, 81559");
    assert.equal(still.stdout.split("\n")[7], "7, 0, 81559");
    await writeFile(join(files.dir, "vary"), "");
    await writeFile(join(dir, "bin/date"), "#!/bin/sh\necho 8\n", { mode: 0o755 });
    const env = { PATH: `${join(dir, "bin")}:/usr/bin:/bin` };
    const drifting = (await runCommand(argv, { env })).stdout.split("\n");
    assert.deepEqual(
      [drifting[0], drifting[1], drifting[7]],
      ["0, 96, 81559", "1, 83, 81559", "7, 0, 81559"],
    );
  });
});

describe("createLabGpuFiles", () => {
  it("says null for what the tool prints as not available", () => {
    const [gpu] = createLabGpuFiles(join(fixtures, "spark")).read();
    assert.equal(gpu?.name, "NVIDIA GB10");
    assert.equal(gpu.memoryTotalMib, null);
    assert.equal(gpu.utilizationPct, 0);
    assert.equal(gpu.cells["memory.total"], "[N/A]");
  });

  it("reads only rows of GPUs that answer", () => {
    const gpus = createLabGpuFiles(join(fixtures, "worn-3090")).read();
    assert.deepEqual(
      gpus.map(({ index, memoryUsedMib }) => [index, memoryUsedMib]),
      [
        [0, 18],
        [2, 20911],
      ],
    );
  });
});
