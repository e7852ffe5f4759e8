import { createInterface } from "node:readline";
import { startService } from "../../service/main.ts";

/**
 * A service as a process of its own to be fuzzed: `node --expose-gc fuzzedService.ts HOME`. It has no limit on requests
 * and failures, and short ones on time. Prints its address, then for each line on stdin the bytes of its heap after a collection; ends
 * with its stdin.
 */
const [home = ""] = process.argv.slice(2);
const unlimited = 10_000_000;
const limits = {
  bodyMs: 1_000,
  requestsPerMinute: unlimited,
  costlyPerMinute: unlimited,
  failuresPerMinute: unlimited,
};
const started = await startService({ home, listen: { address: "127.0.0.1", port: 0 }, limits });
if (started.kind === "already-running") throw new Error("a service runs in that folder already");
console.log(started.url);
const lines = createInterface({ input: process.stdin });
lines.on("line", () => void heapBytes().then((bytes) => console.log(bytes)));
lines.once("close", () => void started.stop().then(() => process.exit(0)));

/** What lives on the heap and in buffers; what ends only with the next turn of the loop has ended. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
