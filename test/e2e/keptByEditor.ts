import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";

/** The files below a folder that hold a text, as paths in it; all of them for an empty text. */
export async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const found: string[] = [];
  for (const { parentPath, name } of files)
    if ((await readFile(join(parentPath, name))).includes(text)) found.push(join(parentPath, name));
  return found.map((path) => path.slice(folder.length + 1));
}

/** All that the workbench keeps in the browser: the part of it in local storage, and that in its databases. */
export function pageStorage(page: Page): Promise<{ local: string; databases: string }> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () =>
          reject(new Error("the browser's database cannot be read", { cause: request.error }));
      });
    // Logs are kept as bytes.
    const asText = (_key: string, value: unknown): unknown =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
    const kept: unknown[] = [];
    for (const { name } of await indexedDB.databases()) {
      if (name === undefined) continue;
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const rows = database.transaction(store).objectStore(store);
        const [keys, values] = [rows.getAllKeys(), rows.getAll()];
        kept.push(name, store, await done(keys), await done(values));
      }
      database.close();
    }
    return { local: JSON.stringify(Object.entries(localStorage)), databases: JSON.stringify(kept, asText) };
  });
}
