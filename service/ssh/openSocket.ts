import net from "node:net";
import { connectionReason, unreachable, type HostName } from "./reachProblem.ts";

/**
 * A TCP connection with Nagle's algorithm off from the start: SSH's small packets would wait 40 ms each otherwise.
 * Refusal `host-unreachable`.
 */
export function openSocket(
  to: { hostname: string; port: number },
  name: HostName,
  { limitMs, signal }: { limitMs: number; signal: AbortSignal },
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: to.hostname, port: to.port, noDelay: true });
    const fail = (reason: string, cause?: unknown): void => {
      settle();
      socket.destroy();
      reject(unreachable(name, reason, cause));
    };
    const timer = setTimeout(() => {
      fail(`timed out after ${limitMs / 1000} s`);
    }, limitMs);
    const onAbort = (): void => {
      fail("the attempt was given up", signal.reason);
    };
    const onError = (error: Error): void => {
      fail(connectionReason(error), error);
    };
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.on("error", () => {});
    };
    socket.on("error", onError);
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}
