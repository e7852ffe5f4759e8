import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** All that the extension hosts logged below a folder, output channels included; each file under its name. */
export async function hostLogs(logsDir: string): Promise<string> {
  const names = await readdir(logsDir, { recursive: true });
  const logs = names.filter((name) => name.includes("exthost") && name.endsWith(".log")).sort();
  const texts = logs.map(async (name) => `== ${name}\n${await readFile(join(logsDir, name), "utf8")}`);
  return (await Promise.all(texts)).join("\n");
}
