// `npm start`: builds what is missing, then runs `hwledger up` in the foreground with what follows `--` passed on.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { buildIfStale, root } from "./build.mjs";

const vsix = buildIfStale();
const child = spawn(
  process.execPath,
  [join(root, "dist", "service", "hwledger.cjs"), "up", ...process.argv.slice(2)],
  {
    stdio: "inherit",
    env: { ...process.env, HWLEDGER_VSIX: vsix, HWLEDGER_PROJECT: root },
  },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
