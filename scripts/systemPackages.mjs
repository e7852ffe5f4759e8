import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What each Debian package is wanted for: a program on the PATH, or a file. */
export const packageEvidence = {
  busybox: "busybox",
  chromium: "chromium",
  clustershell: "clush",
  curl: "curl",
  fish: "fish",
  "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
  "fonts-noto-color-emoji": "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
  git: "git",
  mount: "mount",
  munge: "munged",
  "openssh-client": "ssh",
  "openssh-server": "sshd",
  openssl: "openssl",
  pdsh: "pdsh",
  "perl-base": "perl",
  procps: "ps",
  prometheus: "prometheus",
  pssh: "parallel-ssh",
  python3: "/usr/bin/python3",
  "slurm-client": "srun",
  slurmctld: "slurmctld",
  slurmd: "slurmd",
  systemd: "systemd-analyze",
  "util-linux": "nsenter",
};

/** What the lab's hosts need. */
export const labPackages = [
  "openssh-server",
  "openssh-client",
  "fish",
  "busybox",
  "python3",
  "git",
  "perl-base",
  "util-linux",
];
/** What `npm test` needs. */
export const testPackages = [
  ...labPackages,
  "chromium",
  "curl",
  "fonts-dejavu-core",
  "fonts-noto-color-emoji",
  "mount",
  "openssl",
  "procps",
  "systemd",
  "prometheus",
];
/** What `npm run bench` needs. */
export const benchPackages = [...labPackages, "slurmctld", "slurmd", "slurm-client", "munge", "prometheus"];

/**
 * Makes sure that these Debian packages' programs are there. Installs what is missing with apt-get when run as
 * root; otherwise throws an error that holds the command to install them.
 *
 * @param {readonly string[]} names Debian package names, each listed in `packageEvidence`
 * @returns {Promise<void>}
 */
export async function ensureSystemPackages(names) {
  const missing = names.filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  const canInstall = process.getuid?.() === 0 && findProgram("apt-get");
  if (!canInstall)
    throw new Error(
      `missing: ${missing.join(", ")}. To install on Debian or Ubuntu: sudo sh -c '${command}'`,
    );
  process.stderr.write(`installing ${missing.join(", ")}\n`);
  // Daemons that packages bring must not start: the tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const { status } = spawnSync("sh", ["-c", command], { stdio: ["ignore", 2, 2], env });
  const stillMissing = missing.filter((name) => !isThere(name));
  if (status !== 0 || stillMissing.length > 0) {
    throw new Error(`cannot install ${stillMissing.join(", ")}; the command was: ${command}`);
  }
}

function isThere(name) {
  const proof = packageEvidence[name];
  if (proof === undefined) throw new Error(`scripts/systemPackages.mjs does not know the package ${name}`);
  return proof.startsWith("/") ? existsSync(proof) : findProgram(proof);
}

function findProgram(program) {
  const dirs = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  return dirs.some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lists = { test: testPackages, bench: benchPackages, lab: labPackages };
  const list = lists[process.argv[2] ?? "test"];
  if (list === undefined) {
    process.stderr.write("usage: node scripts/systemPackages.mjs [test|bench|lab]\n");
    process.exitCode = 2;
  } else {
    try {
      await ensureSystemPackages(list);
    } catch (error) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    }
  }
}
