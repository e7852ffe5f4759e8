import { connect as connectHttp2, type ClientHttp2Session, type OutgoingHttpHeaders } from "node:http2";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";

/** A certificate to show, or none. */
export interface ShownCertificate {
  certificatePem: string;
  keyPem: string;
}

/** An answer as it came. */
export interface PlainAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const limitMs = 10_000;

/** TLS options of a test's own client: it trusts the CA given and shows any certificate, also wrong ones. */
export function tlsOptions(caPem: string, shown: ShownCertificate | null): ConnectionOptions {
  return {
    host: "127.0.0.1",
    ca: caPem,
    checkServerIdentity: () => undefined,
    ...(shown ? { cert: shown.certificatePem, key: shown.keyPem } : {}),
  };
}

/** Opens a connection that speaks HTTP/1.1. */
export function openTls(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ ...options, port, ALPNProtocols: ["http/1.1"] }, () =>
      resolve(socket),
    );
    socket.once("error", reject);
  });
}

/** Sends bytes as they are and reads until the other side closes. */
export async function sendRaw(port: number, options: ConnectionOptions, bytes: string): Promise<string> {
  const socket = await openTls(port, options);
  let answer = "";
  const closed = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`the connection was not closed within ${limitMs} ms; it said: ${answer.slice(0, 500)}`),
      );
    }, limitMs);
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.write(bytes);
  await closed;
  return answer;
}

/** An HTTP/1.1 request on a connection of its own. */
export async function requestHttp1(
  port: number,
  options: ConnectionOptions,
  request: { method: string; path: string; headers?: Record<string, string>; body?: string },
): Promise<PlainAnswer> {
  const { method, path, headers = {}, body = "" } = request;
  const length = body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const head = Object.entries({ host: "127.0.0.1", connection: "close", ...length, ...headers });
  const lines = [`${method} ${path} HTTP/1.1`, ...head.map(([name, value]) => `${name}: ${value}`), "", body];
  return parseAnswer(await sendRaw(port, options, lines.join("\r\n")));
}

/** An answer of HTTP/1.1 as text, taken apart. */
export function parseAnswer(text: string): PlainAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const bytes = Buffer.from(text.slice(end + 4), "latin1");
  return { status: Number(first.split(" ")[1]), headers, body: bytes.toString("utf8") };
}

/** An HTTP/2 session of a test's own client. */
export function openHttp2(port: number, options: ConnectionOptions): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, options);
    session.on("error", reject);
    session.once("connect", () => resolve(session));
  });
}

/** A request on an HTTP/2 session; `endless`: the body is begun and never ended. */
export function requestHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: { text: string; endless?: boolean } | null = null,
): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === null });
    const timer = setTimeout(() => {
      stream.close();
      reject(new Error(`the stream did not end within ${limitMs} ms; so far ${JSON.stringify(answer)}`));
    }, limitMs);
    const answer: PlainAnswer = { status: 0, headers: {}, body: "" };
    stream.on("response", (got) => {
      answer.status = Number(got[":status"]);
      for (const [name, value] of Object.entries(got)) answer.headers[name] = String(value);
    });
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => (answer.body += text));
    stream.on("error", () => undefined);
    // A body without end must be cut off; of others the answer counts, whether or not all of the body was taken.
    if (!body?.endless) stream.once("end", () => stream.destroy());
    stream.once("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
    if (body?.endless) stream.write(body.text);
    else if (body) stream.end(body.text);
  });
}
