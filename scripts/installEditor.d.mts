/** Where the installed editor lies, and the Node it runs on. */
export interface InstalledEditor {
  version: string;
  serverDir: string;
  serverMain: string;
  nodePath: string;
}

/** See `installEditor.mjs`. */
export function ensureEditor(options?: { log?: (line: string) => void }): Promise<InstalledEditor>;
