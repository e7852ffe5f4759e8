import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";

/** Node's TLS server and nothing behind it, for the bench; `FILE` holds its CA, certificate and key. It ends with its stdin. */
const [file = ""] = process.argv.slice(2);
const { ca, cert, key } = JSON.parse(readFileSync(file, "utf8")) as Record<"ca" | "cert" | "key", string>;
const options = {
  ca,
  cert,
  key,
  requestCert: true,
  minVersion: "TLSv1.3",
  ALPNProtocols: ["http/1.1"],
} as const;
const server = createServer(options, (socket) => {
  socket.on("error", () => undefined);
  socket.resume();
});
server.on("tlsClientError", () => undefined);
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`https://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
