import type { Http2SecureServer } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { addressGroup } from "./addressGroup.ts";
import type { AppLimits } from "./appLimits.ts";
import { createCrowd } from "./createCrowd.ts";

/** What the limits of connections need. */
export interface ConnectionNeeds {
  limits: AppLimits;
  /** The member whose certificate a connection has shown; null for anybody else. */
  memberOf: (socket: TLSSocket) => string | null;
  /** A handshake of this group of addresses came to nothing. */
  onBrokenHandshake: (group: string) => void;
}

/** What is known of open connections. */
export interface Connections {
  /** Whether it has shown a member's certificate. */
  isMember(socket: PeerAddress): boolean;
  /** A request of it was refused: its certificate no longer counts. */
  refused(socket: PeerAddress): void;
}

/** A connection's other end; a wrapped socket has the same. */
type PeerAddress = Pick<Socket, "remoteAddress" | "remotePort">;

interface Connection {
  group: string;
  isMember: boolean;
  /** Takes it out of the crowd it is in. */
  leave: () => void;
  end: () => void;
}

/**
 * Bounds the connections of a server in three crowds: those in their handshake and strangers by address, members by
 * name. Where strangers are too many the oldest has to go, so that none can keep a member from the same address out.
 */
export function limitConnections(server: Http2SecureServer, needs: ConnectionNeeds): Connections {
  const { limits } = needs;
  const open = new Map<string, Connection>();
  const { handshakesPerAddress, strangersPerAddress } = limits;
  const handshakes = createCrowd({
    total: limits.handshakes,
    perGroup: handshakesPerAddress,
    ends: "oldest",
  });
  const strangers = createCrowd({ total: limits.strangers, perGroup: strangersPerAddress, ends: "oldest" });
  const members = createCrowd({ total: Infinity, perGroup: limits.connectionsPerMember, ends: "newest" });
  server.maxConnections = limits.connections;

  server.on("connection", (socket: Socket) => {
    const key = keyOf(socket);
    if (key === null || socket.remoteAddress === undefined) return void socket.destroy(); // gone again
    const end = (): void => void socket.destroy();
    const group = addressGroup(socket.remoteAddress);
    const connection = { group, isMember: false, end, leave: handshakes.add(group, end) };
    open.set(key, connection);
    socket.once("close", () => {
      connection.leave();
      if (open.get(key) === connection) open.delete(key);
    });
  });

  server.on("secureConnection", (socket: TLSSocket) => {
    const connection = find(socket);
    if (!connection) return;
    connection.leave();
    const member = needs.memberOf(socket);
    if (member === null) return beStranger(connection);
    connection.isMember = true;
    connection.leave = members.add(member, connection.end);
  });

  server.on("tlsClientError", (_error: Error, socket: TLSSocket) => {
    const connection = find(socket);
    if (!connection) return;
    needs.onBrokenHandshake(connection.group);
    connection.end(); // without TLS nothing can be said to it
  });

  function find(socket: PeerAddress): Connection | undefined {
    return open.get(keyOf(socket) ?? "");
  }

  function beStranger(connection: Connection): void {
    connection.isMember = false;
    const life = setTimeout(connection.end, limits.strangerMs);
    const leave = strangers.add(connection.group, connection.end);
    connection.leave = () => {
      clearTimeout(life);
      leave();
    };
  }

  return {
    isMember: (socket) => find(socket)?.isMember === true,
    refused(socket) {
      const connection = find(socket);
      if (connection?.isMember !== true) return;
      connection.leave();
      beStranger(connection);
    },
  };
}

function keyOf({ remoteAddress, remotePort }: PeerAddress): string | null {
  return remoteAddress === undefined || remotePort === undefined ? null : `${remoteAddress} ${remotePort}`;
}
