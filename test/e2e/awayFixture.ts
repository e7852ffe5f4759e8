import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { once } from "node:events";
import { join } from "node:path";
import Database from "better-sqlite3";
import { WebSocketServer } from "ws";
import { problemOf } from "../../protocol/problem.ts";
import { streamPath } from "../../protocol/stream.ts";
import { protocolVersion } from "../../protocol/version.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { openCaFiles } from "../../service/pki/caFiles.ts";
import { createServerTls } from "../../service/pki/createServerTls.ts";
import type { Editor } from "../support/editor/editor.ts";

const messageSelector = ".pane-body .tree-explorer-viewlet-tree-view .message";

/** Changes the database of a fleet behind its service's back; `without` are triggers that stand in the way. */
export function changeStore(home: string, sql: string, without: readonly string[] = []): void {
  const db = new Database(homeLayout(home).database, { timeout: 5_000 });
  try {
    for (const trigger of without) db.exec(`DROP TRIGGER ${trigger}`);
    if (db.prepare(sql).run().changes === 0) throw new Error(`nothing was changed by ${sql}`);
  } finally {
    db.close();
  }
}

/**
 * The fleet's service as a newer program would be: the same CA, another version of the protocol; with a certificate of a time
 * that is ahead of now.
 */
export async function startNewerService(
  home: string,
  port: number,
  aheadMs = 0,
): Promise<{ stop(): Promise<void> }> {
  const ca = openCaFiles(homeLayout(home).keys, () => "", Date.now()).current();
  const authority = {
    fleetId: ca.fleetId,
    issuing: () => ca,
    trustedPem: () => ca.certificatePem,
    crossPem: () => "",
    joinPaths: () => [],
  };
  const tls = createServerTls({ authority, addresses: () => ["127.0.0.1"], now: () => Date.now() + aheadMs });
  const server = createServer(tls.context());
  const sockets = new WebSocketServer({ server, path: streamPath });
  const facts = { service: protocolVersion + 1, peer: protocolVersion };
  sockets.on("connection", (socket) => {
    socket.once("message", () => {
      socket.send(
        JSON.stringify({ type: "problem", id: null, problem: problemOf("protocol-mismatch", facts) }),
      );
      socket.close(4003, "refused");
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The pid of the extension host of the person with that home: that of the newest window. */
export async function extensionHostPid(personHome: string): Promise<number> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const read = (file: string) => readFile(join("/proc", name, file), "utf8").catch(() => "");
    if (!(await read("cmdline")).includes("--type=extensionHost")) continue;
    if ((await read("environ")).includes(`HOME=${personHome}\0`)) found.push(Number(name));
  }
  if (found.length === 0) throw new Error(`no extension host of ${personHome} runs`);
  return Math.max(...found);
}

/** What the Hosts view says above its rows; empty when nothing. */
export async function banner({ page }: Pick<Editor, "page">): Promise<string> {
  const messages = page.locator(`${messageSelector}:visible`);
  return (await messages.allInnerTexts()).join("\n").trim();
}

/** From now on notes each text that the fleet's views show above their rows; gives them, in the order they came. */
export async function recordBanners({ page }: Pick<Editor, "page">): Promise<() => Promise<string[]>> {
  const texts = await page.evaluateHandle((selector) => {
    const seen: string[] = [];
    const note = () => {
      const shown = [...document.querySelectorAll<HTMLElement>(selector)].filter(
        (message) => message.offsetParent !== null && message.innerText.trim() !== "",
      );
      const text = shown.map((message) => message.innerText.trim()).join(" | ");
      if (text !== "" && text !== seen.at(-1)) seen.push(text);
    };
    note();
    new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true });
    return seen;
  }, messageSelector);
  return () => texts.jsonValue();
}

/** Waits for a sentence above the rows, and returns it all. */
export function waitForBanner(editor: Editor, words: RegExp, limitMs?: number): Promise<string> {
  return editor.until(
    `the banner ${words}`,
    async () => {
      const text = await banner(editor);
      return words.test(text) && text;
    },
    limitMs,
  );
}
