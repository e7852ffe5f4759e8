import { Agent, request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import * as z from "zod";
import { problemSchema, Refusal, RemoteProblem } from "../problem.ts";
import type { Route } from "../route.ts";
import { routes, type RouteAnswer, type RouteInput, type RouteName } from "../routes.ts";
import type { Identity } from "./identity.ts";
import { pinnedTls, type FleetPin } from "./pinnedTls.ts";

/** Whom to speak to and, unless only joining, as whom. */
export type ClientIdentity = FleetPin &
  Pick<Identity, "url"> &
  Partial<Pick<Identity, "certificatePem" | "keyPem">> & {
    /** Name to ask for in the handshake; none by default. */
    servername?: string;
  };

/** Options of one call. */
export interface CallOptions {
  /** Makes a repeated request answer like the first. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** Longest silence on the connection, in milliseconds; default 30 000. */
  silenceMs?: number;
  /** Token to show as bearer. */
  bearer?: string;
  /** Told how many bytes of an upload are on their way. */
  onSent?: (bytes: number) => void;
}

/** Calls the service's routes over pinned mutual TLS, on connections that are kept. */
export interface RouteClient {
  /** Calls a JSON route. Rejects with RemoteProblem (the service's answer) or Refusal (`service-unreachable`, …). */
  call<N extends RouteName>(name: N, input?: RouteInput<N>, options?: CallOptions): Promise<RouteAnswer<N>>;
  /** Sends a tar stream as the body of a route. */
  upload<N extends "uploadWorkspace">(
    name: N,
    params: Record<string, string>,
    tar: Readable,
    options?: CallOptions,
  ): Promise<RouteAnswer<N>>;
  /** Opens a route that answers raw bytes. */
  bytes(
    name: "getJobLog" | "streamMetrics" | "getMetrics",
    input: { params?: Record<string, string>; query?: Record<string, string | number> },
    options?: CallOptions,
  ): Promise<IncomingMessage>;
  /** Ends idle connections now, and each other one once what is under way on it has ended. */
  close(): void;
}

const maxAnswerBytes = 64 * 1_048_576;

/** A client of one fleet's service. Opens no connection until the first call. */
export function createRouteClient(identity: ClientIdentity): RouteClient {
  const agent = new Agent({
    ...pinnedTls(identity),
    ...(identity.keyPem ? { key: identity.keyPem, cert: identity.certificatePem } : {}),
    ...(identity.servername === undefined ? {} : { servername: identity.servername }),
    keepAlive: true,
    maxSockets: 16,
  });

  function open(
    row: Route,
    input: { params?: unknown; query?: unknown },
    headers: Record<string, string | number>,
    options: CallOptions,
  ): ClientRequest {
    const url = new URL(pathOf(row, input), identity.url);
    const silenceMs = options.silenceMs ?? 30_000;
    const sent = httpsRequest(url, {
      agent,
      method: row.method,
      headers: {
        accept: "application/json, application/problem+json",
        ...headers,
        ...idempotency(options),
        ...authorization(options),
      },
      ...(options.signal ? { signal: options.signal } : {}),
    });
    sent.setNoDelay(true);
    const giveUp = (): void => void sent.destroy(new Error(`no answer within ${silenceMs / 1_000} s`));
    sent.setTimeout(silenceMs, giveUp);
    // The socket's own timer runs twice over a connection whose handshake hangs. Only an upload may take longer.
    if (row.body !== "tar") {
      const deadline = setTimeout(giveUp, silenceMs);
      for (const end of ["response", "close"]) sent.once(end, () => clearTimeout(deadline));
    }
    return sent;
  }

  return {
    async call(name, input = {}, options = {}) {
      const row: Route = routes[name];
      const body = input.body === undefined ? null : Buffer.from(JSON.stringify(input.body));
      const headers = body ? { "content-type": "application/json", "content-length": body.length } : {};
      const sent = open(row, input, headers as Record<string, string | number>, options);
      const answer = answerTo(sent, identity.url);
      sent.end(body ?? undefined);
      return parseAnswer(row, await readJson(await answer, identity.url)) as RouteAnswer<typeof name>;
    },
    async upload(name, params, tar, options = {}) {
      const row: Route = routes[name];
      const sent = open(row, { params }, { "content-type": "application/x-tar" }, options);
      const answer = answerTo(sent, identity.url);
      // A refusal may come while we still send: the answer counts, not the broken pipe.
      const sending = pipeline(tar, counting(options.onSent), sent).catch((cause: unknown) => {
        if (!sent.destroyed) sent.destroy(cause as Error);
        return cause;
      });
      try {
        return parseAnswer(row, await readJson(await answer, identity.url)) as RouteAnswer<typeof name>;
      } catch (error) {
        const local = tar.errored;
        if (local instanceof Refusal) throw local;
        throw error;
      } finally {
        tar.destroy();
        await sending;
      }
    },
    async bytes(name, input, options = {}) {
      const sent = open(routes[name], input, {}, options);
      const answer = answerTo(sent, identity.url);
      sent.end();
      const message = await answer;
      if ((message.statusCode ?? 500) < 400) return message;
      throw await problemIn(message, identity.url);
    },
    close() {
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    },
  };
}

/** Passes all on, and tells how much that was. */
function counting(onSent: (bytes: number) => void = () => undefined) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const part of source) {
      yield part;
      bytes += part.length;
      onSent(bytes);
    }
  };
}

function idempotency(options: CallOptions): Record<string, string> {
  return options.idempotencyKey ? { "idempotency-key": options.idempotencyKey } : {};
}

function authorization({ bearer }: CallOptions): Record<string, string> {
  return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
}

function pathOf(row: Route, input: { params?: unknown; query?: unknown }): string {
  const params = (input.params ?? {}) as Record<string, string>;
  const path = row.path.replace(/\{(\w+)\}/g, (_slot, name: string) =>
    encodeURIComponent(params[name] ?? ""),
  );
  const query = Object.entries((input.query ?? {}) as Record<string, unknown>).filter(
    ([, v]) => v !== undefined,
  );
  if (query.length === 0) return path;
  return `${path}?${query.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(String(v))}`).join("&")}`;
}

function answerTo(sent: ClientRequest, url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", (cause) => reject(unreachable(url, cause)));
  });
}

async function readJson(message: IncomingMessage, url: string): Promise<unknown> {
  if ((message.statusCode ?? 500) >= 400) throw await problemIn(message, url);
  const text = await readText(message, url);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Refusal("answer-invalid", { reason: "It is not JSON." }, { cause });
  }
}

/** The problem that an answer tells of. */
export async function problemIn(message: IncomingMessage, url: string): Promise<Error> {
  const text = await readText(message, url);
  try {
    return new RemoteProblem(problemSchema.parse(JSON.parse(text)));
  } catch (cause) {
    const reason = `Status ${String(message.statusCode)} came without a problem document.`;
    return new Refusal("answer-invalid", { reason }, { cause });
  }
}

async function readText(message: IncomingMessage, url: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of message as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxAnswerBytes) throw new Refusal("answer-invalid", { reason: "It does not end." });
      parts.push(part);
    }
  } catch (cause) {
    throw unreachable(url, cause);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parseAnswer(row: Route, answer: unknown): unknown {
  if (typeof row.answer === "string") throw new TypeError(`${row.path} does not answer JSON`);
  const parsed = row.answer.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Refusal("answer-invalid", { reason: z.prettifyError(parsed.error) }, { cause: parsed.error });
}

/** The Refusal for a connection that failed: `service-untrusted` when its certificate did, else `service-unreachable`. */
export function unreachable(url: string, cause: unknown): Error {
  if (cause instanceof Refusal || cause instanceof RemoteProblem) return cause;
  const error = cause as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  if (error.name === "AbortError") return error;
  const first = error.code === undefined ? (error.errors?.[0] ?? error) : error;
  const untrusted = /CERT|UNABLE_TO_|SELF_SIGNED|certificate/.test(`${first.code ?? ""} ${first.message}`);
  const reason = reasons[first.code ?? ""] ?? first.message;
  return new Refusal(untrusted ? "service-untrusted" : "service-unreachable", { url, reason }, { cause });
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the name is not known",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "no route to it",
  ECONNRESET: "it closed the connection",
};
