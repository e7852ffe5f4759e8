import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageEvidence, testPackages } from "../../scripts/systemPackages.mjs";

/** Of Debian's packages that every installation has. */
const everywhere = new Set([
  "base64",
  "df",
  "grep",
  "ls",
  "mkfifo",
  "rm",
  "sh",
  "sha256sum",
  "sleep",
  "tar",
  "touch",
]);
/** Programs of a package beside the one that shows that it is there. */
const alsoIn: Record<string, string> = {
  free: "procps",
  promtool: "prometheus",
  "ssh-add": "openssh-client",
  "ssh-agent": "openssh-client",
  "ssh-keygen": "openssh-client",
  umount: "mount",
  unshare: "util-linux",
};

function programsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".ts")) continue;
    const path = join(entry.parentPath, entry.name);
    const starts = /\b(?:spawn|spawnSync|execFile|execFileSync|run|runCommand)\(\s*\[?\s*"([a-z][\w-]*)"/g;
    for (const [, program = ""] of readFileSync(path, "utf8").matchAll(starts)) found.set(program, path);
  }
  return found;
}

describe("programs that tests start", () => {
  it("are in a package that `npm test` installs, or on every Debian", () => {
    const installed = new Set(testPackages.map((name) => packageEvidence[name]));
    const missing = ["unit", "contract", "integration", "e2e", "lab", "support"]
      .flatMap((folder) => [...programsIn(join("test", folder))])
      .filter(([program]) => !everywhere.has(program) && !installed.has(program))
      .filter(([program]) => !testPackages.includes(alsoIn[program] ?? ""));
    assert.deepEqual(missing, []);
  });

  it("are each found by the package's evidence", () => {
    for (const name of testPackages) assert.ok(packageEvidence[name], name);
  });
});
