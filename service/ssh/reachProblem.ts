import { Refusal } from "../../protocol/problem.ts";

/** The host as its problems name it. */
export interface HostName {
  host: string;
  address: string;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was reset",
  ENOTFOUND: "no such host name",
  EAI_AGAIN: "the host name could not be looked up",
  EAI_FAIL: "the host name could not be looked up",
  ETIMEDOUT: "timed out",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "its network is not reachable",
  EHOSTDOWN: "it is down",
  EACCES: "this machine's firewall forbids it",
  EPERM: "this machine's firewall forbids it",
  EADDRNOTAVAIL: "its address cannot be used from here",
};

/** For people: why a socket or ssh2 gave up. Network errors by their code; ssh2's own by its words. */
export function connectionReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  if (typeof code === "string") return reasons[code] ?? code;
  const { level } = error as { level?: string };
  if (level === "client-timeout") return "it stopped answering";
  if (level === "protocol") return "no sshd answers on that port, or it has too many logins open";
  return error.message.replace(/\.$/, "") || "no reason given";
}

/** The Refusal `host-unreachable` of a connection that did not come about. */
export function unreachable({ host, address }: HostName, reason: string, cause?: unknown): Refusal {
  return new Refusal("host-unreachable", { host, address, reason }, { cause });
}

/** The Refusal `host-connection-lost`. */
export function connectionLost(host: string, reason: string, cause?: unknown): Refusal {
  return new Refusal("host-connection-lost", { host, reason }, { cause });
}

/** `host`, or `host:port` where the port is not 22. */
export function addressOf({ hostname, port }: { hostname: string; port: number }): string {
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  return port === 22 ? hostname : `${name}:${port}`;
}
