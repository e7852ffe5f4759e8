import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";

/** Kinds of HTTP/2 frames (RFC 9113 section 6). */
export const frameTypes = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames. */
export const frameFlags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** Error codes of HTTP/2. */
export const errorCodes = { refusedStream: 7, cancel: 8, enhanceYourCalm: 11 } as const;

/** A frame as it goes over the wire. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** A client that sends whatever frames it is told to, as no library would. */
export interface RawHttp2 {
  /** Sends them in one piece: the other side reads them all before it can end the connection. */
  send(...frames: Partial<Frame>[]): void;
  /** What the other side has sent. */
  readonly received: readonly Frame[];
  /** Settles when the connection has ended. */
  readonly closed: Promise<void>;
  /** From now on takes nothing of what the network brings. */
  stopReading(): void;
  readOn(): void;
  destroy(): void;
}

/**
 * Opens a connection, says that it speaks HTTP/2, and reads frames. It is open once the other side has said that it knows
 * our settings: Node says nothing of why it ends a connection while something it wrote before is still under way.
 */
export async function openRawHttp2(port: number, options: ConnectionOptions): Promise<RawHttp2> {
  const socket: TLSSocket = connect({ ...options, port, ALPNProtocols: ["h2"] });
  socket.on("error", () => undefined);
  const received: Frame[] = [];
  let settled = (): void => undefined;
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const frame = {
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        stream: rest.readUInt32BE(5),
        payload: rest.subarray(9, end),
      };
      received.push(frame);
      if (frame.type === frameTypes.settings && frame.flags === frameFlags.ack) settled();
      rest = rest.subarray(end);
    }
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  const send = (...frames: Partial<Frame>[]): void => {
    if (!socket.destroyed) socket.write(Buffer.concat(frames.map(bytesOf)));
  };
  await new Promise<void>((resolve, reject) => {
    settled = resolve;
    void closed.then(() => reject(new Error("the other side ended the connection at once")));
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    send({ type: frameTypes.settings });
  });
  return {
    send,
    received,
    closed,
    stopReading: () => void socket.pause(),
    readOn: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
}

function bytesOf({ type = 0, flags = 0, stream = 0, payload = Buffer.alloc(0) }: Partial<Frame>): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A request's headers for HPACK without compression: `GET path` over https, and more. */
export function headerBlock(path: string, more: Record<string, string> = {}): Buffer {
  const fields = { ":authority": "fleet", ":path": path, ...more };
  // Indexed: `:method: GET` and `:scheme: https` of the static table.
  return Buffer.concat([
    Buffer.from([0x82, 0x87]),
    ...Object.entries(fields).flatMap(([name, value]) => [
      Buffer.from([0]),
      hpackString(name),
      hpackString(value),
    ]),
  ]);
}

/** A string of HPACK (RFC 7541 section 5), as it is. */
function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  let left = bytes.length;
  if (left < 127) length.push(left);
  else {
    length.push(127);
    for (left -= 127; left >= 128; left >>>= 7) length.push((left & 127) | 128);
    length.push(left);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
