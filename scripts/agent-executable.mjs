// Makes the agent a single executable for this machine's system, for hosts without Node.js (Node's "single executable
// applications"): dist/agent/hwledger-agent-PLATFORM-ARCH. `host install-agent` sends it where no Node.js is.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildIfStale, root } from "./build.mjs";

const windows = process.platform === "win32";
const folder = join(root, "dist", "agent");
const executable = join(folder, `hwledger-agent-${process.platform}-${process.arch}`);

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", shell: windows });
  if (status === 0) return;
  console.error(
    `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}\nThe executable could not be made: ${command}`,
  );
  process.exit(1);
}

buildIfStale();
const scratch = mkdtempSync(join(tmpdir(), "hwl-sea-"));
const [config, blob, made] = ["sea.json", "sea.blob", "agent"].map((name) => join(scratch, name));
writeFileSync(
  config,
  JSON.stringify({
    main: join(folder, "hwledger-agent.cjs"),
    output: blob,
    disableExperimentalSEAWarning: true,
  }),
);
run(process.execPath, ["--experimental-sea-config", config]);
copyFileSync(process.execPath, made);
chmodSync(made, 0o755);
const isMac = process.platform === "darwin";
if (isMac) run("codesign", ["--remove-signature", made]);
run(join(root, "node_modules", ".bin", windows ? "postject.cmd" : "postject"), [
  made,
  "NODE_SEA_BLOB",
  blob,
  "--sentinel-fuse",
  "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2", // by which Node finds it, the same in every Node
  ...(isMac ? ["--macho-segment-name", "NODE_SEA"] : []),
]);
if (isMac) run("codesign", ["--sign", "-", made]);
copyFileSync(made, `${executable}.new`);
renameSync(`${executable}.new`, executable);
rmSync(scratch, { recursive: true });
console.log(executable);
