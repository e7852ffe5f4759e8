import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { migShellFunctions } from "../../protocol/probe/migShellFunctions.ts";
import { parseMigParts } from "../../protocol/probe/migParts.ts";
import { parseNvidiaSmiList } from "../../protocol/probe/nvidiaSmiList.ts";
import { metricInWords } from "./captured.ts";

const root = process.env["HWLEDGER_CAPTURES"];
if (root === undefined) throw new Error("HWLEDGER_CAPTURES names no folder");
const dir = join(root, "nvidia-smi");
const shells = [["dash"], ["busybox", "sh"], ["bash", "--posix"]] as const;

/** What the script's loop, in one shell, makes of a whole answer. */
function tagged(shell: readonly string[], name: "list" | "parts", text: string): string {
  const [program = "", ...args] = shell;
  const { stdout, status } = spawnSync(program, [...args, "-c", `${migShellFunctions}\ntag_mig`], {
    input: `#begin 15 ${name}\n${text}#end 0\n`,
    encoding: "utf8",
  });
  assert.equal(status, 0);
  const lines = stdout.split("\n").filter((line) => line !== "");
  assert.deepEqual([lines[0], lines.at(-1)], [`N #begin 15 ${name}`, "N #end 0"]);
  return lines
    .slice(1, -1)
    .map((line) => line.replace(/^N /, ""))
    .join("\n");
}

/** Profiles of the instances, by GPU. */
const lists: Readonly<Record<string, readonly string[]>> = {
  "list-L-h100-80gb-hbm3-590.48.01.txt": [""],
  "list-L-h100-mig-590.48.01.txt": ["3g.40gb 2g.20gb 1g.10gb 1g.10gb"],
  "list-L-h200-mig-590.48.01.txt": ["1c.3g.71gb 2c.3g.71gb 2g.35gb 1g.18gb 1g.18gb"],
  "list-L-l40s-595.80.txt": [""],
  "list-L-mig-2xa100.txt": ["1g.10gb 1g.10gb", "1g.10gb 1g.10gb"],
  "list-L-mig-7x1g-h100pcie.txt": ["1g.10gb 1g.10gb 1g.10gb 1g.10gb 1g.10gb 1g.10gb 1g.10gb"],
  "list-L-mig-compute-instances-r570.txt": ["1c.3g.40gb 1c.3g.40gb 1c.3g.40gb 1g.10gb 1g.10gb"],
  "list-L-rtx-2080-super-595.71.05.txt": [""],
  "list-L-rtx-2080-super-610.57.04.txt": [""],
  "list-L-rtx-4080-super-595.71.05.txt": [""],
};
/** Instances and processes that `nvidia-smi -q` tells of. */
const details: Readonly<Record<string, readonly string[]>> = {
  "q-h100-mig-590.48.01-load.txt": [
    "0000:00:09.0: 0 at 2/0 11629756416 of 42412802048; 1 at 3/0 17825792 of 21072183296; 2 at 9/0 9437184 of 10468982784; 3 at 10/0 9437184 of 10468982784",
    "21180 /root/tools/memhog at 2/0 2407530496; 21181 /root/tools/memhog at 2/0 1333788672; 21198 ./gpu_burn at 2/0 7847542784",
  ],
  "q-l40s-595.80-load.txt": [],
  "q-rtx-2080-super-610.57.04-load.txt": [],
  "q-win-rtx-2080-super-610.62-load.txt": [],
  "q-wsl2-510.06-head.txt": [],
};

describe("captures of divided GPUs", () => {
  it("all files are named here", () => {
    const files = readdirSync(dir).filter((file) => /^(list-L|q)-/.test(file));
    assert.deepEqual(files.sort(), [...Object.keys(lists), ...Object.keys(details)].sort());
  });

  for (const [file, profiles] of Object.entries(lists))
    it(`${file}: ${profiles.join(" / ")}`, () => {
      const text = readFileSync(join(dir, file), "utf8");
      const listed = parseNvidiaSmiList(text);
      assert.deepEqual(
        listed.map(({ instances }) => instances.map(({ profile }) => profile).join(" ")),
        profiles,
      );
      for (const { uuid, instances } of listed) {
        assert.ok(text.includes(`(UUID: ${uuid})`));
        assert.deepEqual(
          instances.map(({ device }) => device),
          instances.map((_, at) => at),
        );
        assert.equal(new Set(instances.map((one) => one.uuid)).size, instances.length);
      }
      for (const shell of shells) assert.deepEqual(parseNvidiaSmiList(tagged(shell, "list", text)), listed);
    });

  for (const [file, words] of Object.entries(details))
    for (const shell of shells)
      it(`${file} under ${shell.join(" ")}: ${words.join(" / ").slice(0, 100)}`, () => {
        const gpus = [...parseMigParts(tagged(shell, "parts", readFileSync(join(dir, file), "utf8")))];
        assert.deepEqual(
          gpus.flatMap(([address, { parts, processes }]) => [
            `${address}: ${[...parts].map(([n, part]) => `${n} at ${part.place} ${metricInWords(part.usedBytes)} of ${metricInWords(part.totalBytes)}`).join("; ")}`,
            processes
              .map(
                ({ place, process: { pid, name, memoryBytes } }) =>
                  `${pid} ${name} at ${place} ${metricInWords(memoryBytes)}`,
              )
              .join("; "),
          ]),
          words,
        );
      });
});
