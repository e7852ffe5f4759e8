import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Identity } from "../../protocol/client/identity.ts";
import { tendIdentity } from "../../protocol/client/tendIdentity.ts";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import {
  clientName,
  openStream,
  type StreamClient,
  type StreamState,
} from "../../protocol/client/streamClient.ts";
import { Refusal } from "../../protocol/problem.ts";
import { homeLayout } from "../homeLayout.ts";
import { homeDirectory } from "../../protocol/client/homeDirectory.ts";
import { writePrivateFile } from "../../protocol/client/writePrivateFile.ts";
import { readMembership } from "./readMembership.ts";
import { styleFor, type Style, type Terminal } from "./terminal.ts";

/** What every command works with. */
export interface Context {
  terminal: Terminal;
  json: boolean;
  home: string;
  out: Style;
  err: Style;
  identity(): Identity;
  client(): RouteClient;
  stream(onState?: (state: StreamState) => void): StreamClient;
  /** Keeps a membership in the place of the one there was. */
  keep(identity: Identity): void;
  /** After a command that has spoken to the service, also one it refused: renews the membership where that is due. Fails in silence. */
  tend(): Promise<void>;
  /** Writes to stdout, waiting while the reader is slow. */
  print(text: string | Uint8Array): Promise<void>;
  /** With --json the document, else the text. */
  show(document: unknown, text: string): Promise<void>;
  /** A line about what is going on, on stderr. */
  note(text: string): void;
  close(): void;
}

/** Whether there is something to read. Looking neither makes a folder nor changes the mode of one that is no fleet's. */
function isFleetHome(home: string): boolean {
  const isFolder = statSync(home, { throwIfNoEntry: false })?.isDirectory();
  return isFolder === true ? existsSync(join(home, "identity.json")) : isFolder === false;
}

/** The context of one run of the command line. */
export function createContext(terminal: Terminal, json: boolean): Context {
  const home = homeDirectory(terminal.env);
  let client: RouteClient | null = null;
  const streams: StreamClient[] = [];

  function identity(): Identity {
    const kept = isFleetHome(home) ? readMembership(homeLayout(home).identityFile) : null;
    if (!kept) throw new Refusal("not-joined", { home });
    return kept;
  }

  function keep(changed: Identity): void {
    writePrivateFile(homeLayout(home).identityFile, JSON.stringify(changed));
  }

  async function print(text: string | Uint8Array): Promise<void> {
    if (!terminal.stdout.write(text)) await once(terminal.stdout, "drain");
  }

  return {
    terminal,
    json,
    home,
    out: styleFor(terminal.stdout, terminal.env),
    err: styleFor(terminal.stderr, terminal.env),
    identity,
    client: () => (client ??= createRouteClient(identity())),
    stream(onState) {
      const stream = openStream({
        identity: identity(),
        client: clientName("hwledger-cli"),
        ...(onState ? { onState } : {}),
      });
      streams.push(stream);
      return stream;
    },
    keep,
    async tend() {
      // The service itself keeps its owner's membership.
      if (client === null || existsSync(homeLayout(home).database)) return;
      try {
        await tendIdentity(identity(), terminal.now(), keep);
      } catch {
        return; // the next command tries again
      }
    },
    print,
    show: (document, text) => print(json ? `${JSON.stringify(document, null, 2)}\n` : `${text}\n`),
    note: (text) => void terminal.stderr.write(`${text}\n`),
    close() {
      client?.close();
      for (const stream of streams) stream.close();
    },
  };
}
