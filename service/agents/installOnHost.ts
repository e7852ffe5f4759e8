import { createReadStream, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { hostText } from "../../protocol/hostText.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { HostShell, HostShells, ShellTarget } from "../../protocol/shells/hostShell.ts";
import { agentExecutable, agentFile, type AgentProgram } from "./agentPrograms.ts";
import { installScript } from "./installScript.ts";

/** What installing an agent needs. */
export interface InstallNeeds {
  shells: HostShells;
  newNonce: () => string;
  /** A link for the agent of this host. */
  newLink: () => string;
  /** Where the agent will look for the service. */
  url: string;
}

/** Longest time for the whole of it: a program of some hundred megabytes may have to travel. */
const limitMs = 280_000;

/**
 * Sets an agent up on a host by a shell there, over SSH or on this machine, and starts it. Returns what it said. Rejects with
 * `agent-not-installed` and what opening a shell rejects with.
 */
export async function installOnHost(
  needs: InstallNeeds,
  target: ShellTarget,
  signal: AbortSignal,
): Promise<string> {
  const shell = await needs.shells.openShell(target, { attended: true, signal });
  let reason = `it took longer than ${limitMs / 1_000} s`;
  const giveUp = (): void => {
    for (const stream of [shell.stdout, shell.stderr]) stream.destroy();
    shell.close();
  };
  const onAbort = (): void => {
    reason = "whoever wanted it has given up";
    giveUp();
  };
  const timer = setTimeout(giveUp, limitMs);
  signal.addEventListener("abort", onAbort);
  try {
    return await converse(needs, target.name, shell);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw notInstalled(target.name, reason, "Try again.");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    shell.close();
  }
}

async function converse(needs: InstallNeeds, host: string, shell: HostShell): Promise<string> {
  const nonce = needs.newNonce();
  const said: string[] = [];
  shell.stderr.resume();
  shell.stdin.on("error", () => undefined);
  shell.stdin.write(installScript(nonce));
  let program: AgentProgram | null = null;
  for await (const line of createInterface({ input: shell.stdout })) {
    if (!line.startsWith(`${nonce} `)) {
      said.push(hostText(line));
      if (said.length > 50) said.shift();
      continue;
    }
    const [word = "", first = "", second = "", third = ""] = line.slice(nonce.length + 1).split(" ");
    switch (word) {
      case "program":
        program = first === "node" ? agentFile() : agentExecutable(second, third);
        if (program === null) throw noProgram(host, first === "node", `${second} ${third}`);
        shell.stdin.write(`${statSync(program.file).size} ${program.name}\n`);
        break;
      case "send":
        // What breaks off here, as on a full disk, the host tells with its end.
        if (program !== null)
          pipeline(createReadStream(program.file), shell.stdin, { end: false }).catch(() => undefined);
        break;
      case "got":
        shell.stdin.write(`${needs.newLink()}\n`);
        break;
      case "end":
        if (first !== "0") throw notInstalled(host, lastWords(said), adviceFor(needs.url));
        return said.join("\n");
    }
  }
  throw notInstalled(host, lastWords(said), "Try again.");
}

function lastWords(said: readonly string[]): string {
  return said.slice(-3).join(" ").trim() || "the shell ended without a word";
}

function noProgram(host: string, hasNode: boolean, machine: string): Refusal {
  if (hasNode)
    return notInstalled(host, "this service has no agent to send", "Build it with `npm run build`.");
  return notInstalled(
    host,
    `it has no Node.js 22 or newer, and this service no executable for ${hostText(machine, 60)}`,
    "Install Node.js there, or make the executable with `npm run agent:executable` on such a machine and put it into dist/agent.",
  );
}

/** What to do where joining or starting failed; most often the service cannot be reached from there. */
function adviceFor(url: string): string {
  const { hostname } = new URL(url);
  const isHere = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  if (isHere)
    return `The service listens at ${url}, which only its own machine reaches: start it with --listen and an address that the host reaches, then try again.`;
  return `See whether the host reaches ${url}, mend what it says, and try again.`;
}

function notInstalled(host: string, reason: string, advice: string): Refusal {
  return new Refusal("agent-not-installed", { host, reason: reason.replace(/\.$/, ""), advice });
}
