import { startService } from "../../service/main.ts";

/** A fleet service in a process of its own, for the bench; it ends with its stdin. */
const [home = ""] = process.argv.slice(2);
const started = await startService({ home, listen: { address: "127.0.0.1", port: 0 } });
if (started.kind !== "started") throw new Error("a service runs in that folder already");
process.stdout.write(`${started.url}\n`);
process.stdin.resume();
process.stdin.once("end", () => {
  void started.stop().then(() => process.exit(0));
});
