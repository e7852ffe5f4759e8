import net from "node:net";
import { connectionReason, unreachable, type HostName } from "./reachProblem.ts";

/** A socket that is up, paused until its reader resumes it. */
export interface OpenSocket {
  socket: net.Socket;
  /** From now on `data` is lent: its bytes change as soon as its listeners return. */
  lendData: () => void;
}

/**
 * What all sockets are read into. New memory for each read would have V8 collect its whole heap every few megabytes, and
 * a read of many SSH packets spares ssh2 to put those together that reach over its end.
 */
let shared: Buffer | null = null;
const readBuffer = (): Buffer => (shared ??= Buffer.allocUnsafeSlow(524_288));

/**
 * A TCP connection with Nagle's algorithm off from the start: SSH's small packets would wait 40 ms each otherwise.
 * Refusal `host-unreachable`.
 */
export function openSocket(
  to: { hostname: string; port: number },
  name: HostName,
  { limitMs, signal }: { limitMs: number; signal: AbortSignal },
): Promise<OpenSocket> {
  return new Promise((resolve, reject) => {
    let lent = false;
    const onread: net.OnReadOpts = {
      buffer: readBuffer,
      callback(bytes) {
        const data = readBuffer().subarray(0, bytes);
        socket.emit("data", lent ? data : Buffer.from(data));
        return true;
      },
    };
    const socket = net.connect({ host: to.hostname, port: to.port, noDelay: true, onread });
    socket.pause();
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
      resolve({ socket, lendData: () => (lent = true) });
    });
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}
