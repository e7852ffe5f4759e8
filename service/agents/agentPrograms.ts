import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A form of the agent that can be sent to a host. */
export interface AgentProgram {
  /** On this machine. */
  file: string;
  /** What it is called on the host. */
  name: string;
}

/** Where the build puts them, seen from the service's bundle and from its source. */
const folders = ["../agent/", "../../dist/agent/"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

const systems: Readonly<Record<string, string>> = { Linux: "linux", Darwin: "darwin" };
const machines: Readonly<Record<string, string>> = {
  x86_64: "x64",
  amd64: "x64",
  aarch64: "arm64",
  arm64: "arm64",
};

/** The agent's one file, for a host with Node.js; null where it is not built. */
export function agentFile(): AgentProgram | null {
  return programNamed("hwledger-agent.cjs", "hwledger-agent.cjs");
}

/** The executable for a host without Node.js, by what `uname -s` and `uname -m` say there; null where there is none. */
export function agentExecutable(system: string, machine: string): AgentProgram | null {
  const platform = `${systems[system] ?? "?"}-${machines[machine] ?? "?"}`;
  return programNamed(`hwledger-agent-${platform}`, "hwledger-agent");
}

function programNamed(fileName: string, name: string): AgentProgram | null {
  const file = folders.map((folder) => `${folder}${fileName}`).find((path) => existsSync(path));
  return file === undefined ? null : { file, name };
}
