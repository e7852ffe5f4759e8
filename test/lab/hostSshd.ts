import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type HostNamespace, unrefChild } from "./hostNamespace.ts";
import { insideDir } from "./hostScripts.ts";

const bannerLimitMs = 15_000;

/** Where an sshd has its files and listens. */
export interface SshdPlace {
  dir: string;
  address: string;
  port: number;
}

/** The sshd of one host; its methods are those of `LabHost`. */
export interface HostSshd {
  start(): Promise<void>;
  stop(): Promise<void>;
  cutConnections(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** Controls the sshd inside a host. Nothing runs before `start`. */
export function createHostSshd(inside: HostNamespace, place: SshdPlace): HostSshd {
  let sshd: ChildProcess | null = null;
  return {
    async start() {
      sshd ??= await startSshd(inside, place);
    },
    async stop() {
      const running = sshd;
      sshd = null;
      if (running === null) return;
      const gone = running.exitCode !== null || running.signalCode !== null ? null : once(running, "exit");
      running.ref(); // not its stderr, which a login that goes on may hold
      await signalSshd(inside, "KILL", "all");
      running.kill("SIGCONT"); // nsenter stops itself when its child is frozen
      await gone;
    },
    cutConnections: () => signalSshd(inside, "KILL", "sessions"),
    freeze: () => signalSshd(inside, "STOP", "all"),
    async thaw() {
      await signalSshd(inside, "CONT", "all");
      sshd?.kill("SIGCONT"); // nsenter stopped itself with its child
    },
  };
}

async function startSshd(inside: HostNamespace, place: SshdPlace): Promise<ChildProcess> {
  const as = process.getuid?.() === 0 ? "root" : "login";
  const argv = ["/usr/sbin/sshd", "-D", "-f", `${insideDir}/sshd_config`, "-E", `${insideDir}/sshd.log`];
  const [program = "", ...args] = inside.commandInside(argv, as);
  const sshd = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  unrefChild(sshd);
  let errors = "";
  sshd.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const deadlineMs = performance.now() + bannerLimitMs;
  while (!(await answersAsSsh(place))) {
    if (sshd.exitCode === null && performance.now() < deadlineMs) continue;
    sshd.kill("SIGKILL");
    const log = await readFile(join(place.dir, "sshd.log"), "utf8").catch(() => "");
    throw new Error(`sshd of ${place.dir} does not answer: ${errors}${log.slice(-2000)}`);
  }
  return sshd;
}

/** True when an SSH banner comes; false, some milliseconds later, when nobody listens yet. */
function answersAsSsh({ address, port }: SshdPlace): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const finish = (answers: boolean) => {
      socket.destroy();
      if (answers) resolve(true);
      else setTimeout(() => resolve(false), 15);
    };
    socket.setTimeout(bannerLimitMs, () => finish(false));
    socket.once("data", (data) => finish(data.toString("latin1").startsWith("SSH-")));
    socket.once("error", () => finish(false));
    socket.once("end", () => finish(false));
  });
}

/** The listening sshd came from outside the host (parent 0); a session's parent is the listener or init. */
const signalScript = `
for dir in /proc/[0-9]*; do
  read -r name <"$dir/comm" || continue
  case $name in sshd*) ;; *) continue ;; esac
  if [ "$2" = sessions ] && grep -q '^PPid:[[:blank:]]*0$' "$dir/status"; then continue; fi
  kill -s "$1" "\${dir#/proc/}" && echo "\${dir#/proc/}"
done
exit 0`;

async function signalSshd(
  inside: HostNamespace,
  signal: "KILL" | "STOP" | "CONT",
  which: "all" | "sessions",
) {
  const argv = ["/bin/sh", "-c", signalScript, "sh", signal, which];
  for (let round = 0; round < 20; round += 1) {
    const { stdout } = await inside.run(argv, "root");
    if (signal !== "KILL" || stdout === "") return;
  }
  throw new Error("sshd sessions do not end");
}
