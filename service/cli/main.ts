import { runCli } from "./runCli.ts";
import type { Terminal } from "./terminal.ts";

const terminal: Terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: Date.now,
  onInterrupt(callback) {
    const interrupt = (): void => callback("SIGINT");
    const terminate = (): void => callback("SIGTERM");
    process.on("SIGINT", interrupt).on("SIGTERM", terminate).on("SIGHUP", terminate);
    return () => void process.off("SIGINT", interrupt).off("SIGTERM", terminate).off("SIGHUP", terminate);
  },
};

// Whoever reads us may leave first: `hwledger logs ID | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

void runCli(process.argv.slice(2), terminal).then((code) => {
  process.exitCode = code;
  // Nothing is left to wait for but what stdout still has to write.
  if (process.stdout.writableLength === 0) process.exit(code);
  process.stdout.once("drain", () => process.exit(code));
});
