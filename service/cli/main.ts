import { inspect } from "node:util";
import { cleanedOutput } from "./cleanedOutput.ts";
import { createInterrupts } from "./createInterrupts.ts";
import { exitCodes } from "./exitCodes.ts";
import { runCli } from "./runCli.ts";
import type { Terminal } from "./terminal.ts";

const argv = process.argv.slice(2);

/** Whether this is a service in the background, whose output is a file that is kept. */
const isInBackground = argv[0] === "up" && argv.includes("--in-background");

const interrupts = createInterrupts({
  onSignal(callback) {
    process.on("SIGINT", () => callback("SIGINT", 130));
    process.on("SIGTERM", () => callback("SIGTERM", 143));
    process.on("SIGHUP", () => callback("SIGTERM", 129));
  },
  exit: (code) => process.exit(code),
  now: () => performance.now(),
});

const terminal: Terminal = {
  stdin: process.stdin,
  stdout: isInBackground ? cleanedOutput(process.stdout) : process.stdout,
  stderr: isInBackground ? cleanedOutput(process.stderr) : process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: Date.now,
  onInterrupt: interrupts.onInterrupt,
};

// Whoever reads us may leave first: `hwledger logs ID | head`. How a job ended is then not known.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A terminal that was closed (EIO) must not keep `up` from ending in its own way.
  if (argv[0] === "up") return;
  if (error.code === "EPIPE") process.exit(argv[0] === "dispatch" ? exitCodes.ours : exitCodes.done);
  process.stderr.write(`The output could not be written: ${error.message}\n`);
  process.exit(argv[0] === "dispatch" ? exitCodes.ours : exitCodes.refused);
});
process.stderr.on("error", () => undefined); // nobody is left to tell

// Node would print it as it is.
if (isInBackground)
  process.on("uncaughtException", (error: unknown) => {
    terminal.stderr.write(`${inspect(error)}\n`);
    process.exit(1);
  });

void runCli(argv, terminal).then((code) => {
  process.exitCode = code;
  // Nothing is left to wait for but what stdout still has to write.
  process.stdout.write("", () => setTimeout(() => process.exit(code), interrupts.restMs()));
});
