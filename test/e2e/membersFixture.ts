import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { makeCertificateRequest } from "../../protocol/client/makeCertificateRequest.ts";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import { problemOfError, Refusal, RemoteProblem } from "../../protocol/problem.ts";
import type { Editor } from "../support/editor/editor.ts";

/** A member that has joined by a link, with its own key and client. */
export interface Guest {
  name: string;
  client: RouteClient;
}

/** Joins by a link, as another person's program does. */
export async function joinAs(name: string, link: string, as: "user" | "agent" = "user"): Promise<Guest> {
  const identity = await joinFleet(link, { name, request: await makeCertificateRequest(name), as });
  return { name: identity.member, client: createRouteClient(identity) };
}

/** Code of the problem that something is refused with; throws when it is not. */
export async function refusedWith(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof RemoteProblem || error instanceof Refusal) return problemOfError(error).code;
    throw error;
  }
  throw new Error("it was not refused");
}

/** Whether something that fits the pattern is in the storage of an editor in a browser. */
export function isKept({ page }: Pick<Editor, "page">, pattern: string): Promise<boolean> {
  return page.evaluate(async (wanted) => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      try {
        for (const store of database.objectStoreNames) {
          const values: unknown[] = await done(database.transaction(store).objectStore(store).getAll());
          if (values.some((value) => typeof value === "string" && new RegExp(wanted).test(value)))
            return true;
        }
      } finally {
        database.close();
      }
    }
    return false;
  }, pattern);
}

/** Waits until it is: an editor in a browser keeps its state once a minute, one on the desktop when it reloads. */
export async function waitUntilKept(editor: Pick<Editor, "page" | "until">, pattern: string): Promise<void> {
  if (process.env["HWLEDGER_DESKTOP_EDITOR"]) return;
  await editor.until(`the editor to keep ${pattern}`, () => isKept(editor, pattern), 90_000);
}

/** Every file in a folder and below. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
