import type { TLSSocket } from "node:tls";

/** Open connections by the member at their other end. */
export interface Connections {
  /** Notes who is at the other end. May be told the same again. */
  note(member: string, socket: TLSSocket): void;
  /** Says how to end a WebSocket: politely, instead of by cutting its connection. Returns how to forget it. */
  onEnd(socket: TLSSocket, end: () => void): () => void;
  /** Ends the connections of which `isWelcome` says no; WebSockets look after themselves. */
  recheck(isWelcome: (socket: TLSSocket) => boolean): void;
  /** Ends every connection of a member at once, whatever is under way on it. */
  endAll(member: string): void;
}

/** Keeps track of connections until they close. */
export function createConnections(): Connections {
  const byMember = new Map<string, Set<TLSSocket>>();
  const members = new WeakMap<TLSSocket, string>();
  const ends = new WeakMap<TLSSocket, () => void>();

  return {
    note(member, socket) {
      if (members.get(socket) === member) return;
      members.set(socket, member);
      const sockets = byMember.get(member) ?? new Set();
      byMember.set(member, sockets.add(socket));
      socket.once("close", () => {
        sockets.delete(socket);
        if (sockets.size === 0 && byMember.get(member) === sockets) byMember.delete(member);
      });
    },
    onEnd(socket, end) {
      ends.set(socket, end);
      return () => void ends.delete(socket);
    },
    recheck(isWelcome) {
      for (const sockets of [...byMember.values()])
        for (const socket of [...sockets]) if (!ends.has(socket) && !isWelcome(socket)) socket.destroy();
    },
    endAll(member) {
      for (const socket of [...(byMember.get(member) ?? [])]) {
        const end = ends.get(socket);
        if (end) end();
        else socket.destroy();
      }
    },
  };
}
