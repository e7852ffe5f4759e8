import { startService } from "../../service/main.ts";

/**
 * Runs the service as a process of its own, so that a test can kill it: `node serviceProgram.ts HOME PORT`.
 * Prints one line of JSON once it listens: `{ url, link }`. Ends cleanly on SIGTERM.
 */
const [home = "", port = "0"] = process.argv.slice(2);
const started = await startService({ home, listen: { address: "127.0.0.1", port: Number(port) } });
if (started.kind === "already-running") throw new Error(`a service with pid ${started.pid} runs there`);
console.log(JSON.stringify({ url: started.url, link: started.joinLink().link }));
process.once("SIGTERM", () => void started.stop());
