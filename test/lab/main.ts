import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { standardHosts } from "./standardHosts.ts";
import { startLab, type Lab } from "./startLab.ts";
import type { LabHost } from "./labHost.ts";

/** `npm run lab`: hosts to play with, until Ctrl-C. */
async function main(): Promise<void> {
  const dir = fileURLToPath(new URL("../../.lab", import.meta.url));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal)); // a terminal and npm may each send one
  });
  const hosts = standardHosts.map((spec) => ({ ...spec, varyFigures: true }));
  const lab = await startLab({ dir, hosts, network: "127.0.0", keep: true });
  const stay = setInterval(() => undefined, 1_000_000); // the lab itself does not keep a process alive
  try {
    process.stdout.write(overview(lab));
    await stopped;
  } finally {
    clearInterval(stay);
    await lab.stop();
  }
  process.stdout.write("\nThe lab is gone.\n");
}

function overview({ hosts, sshConfigFile }: Lab): string {
  const table = [["HOST", "LOGIN", "GPUS", "WHAT IT IS"], ...hosts.map(tableRow)];
  return [
    ...aligned(table),
    "",
    "Add them to the fleet (each line is one command):",
    ...hosts.map((host) => `  ${addCommand(host)}`),
    "",
    `Or log in yourself, e.g.:  ssh -F ${shellWord(relative(process.cwd(), sshConfigFile))} ${hosts[0]?.name ?? ""}`,
    "",
    `To change what a GPU says meanwhile, edit ${relative(process.cwd(), join(sshConfigFile, "../NAME/local/share/nvidia-smi/gpus.csv"))}`,
    "Ctrl-C ends the lab and every job on it. The next one has the same keys and ports: a fleet finds its hosts again.",
    "",
  ].join("\n");
}

function tableRow(host: LabHost): string[] {
  const login = `${host.user}@${host.address}:${host.port}`;
  return [host.name, login, gpuSummary(host), host.spec.about ?? ""];
}

function gpuSummary({ gpus }: LabHost): string {
  const counts = new Map<string, number>();
  for (const { name } of gpus) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} x ${name.replace("NVIDIA ", "")}`).join(", ") || "-";
}

function addCommand(host: LabHost): string {
  const where = `${host.user}@${host.address}:${host.port}`;
  const key = `--identity ${shellWord(host.identityFile)} --host-key ${host.hostKeyFingerprint}`;
  return `npx hwledger host add ${host.name} ${where} ${key}`;
}

function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

await main();
