import * as vscode from "vscode";

/** A kind of panel of which there may be several, one for each key. */
export interface PanelKind<K> {
  viewType: string;
  /** Which panel a page was, by the state it kept over a reload of the window; null when it does not say. */
  keyOf: (state: unknown) => K | null;
  /** The same for the same key, and for no other. */
  nameOf: (key: K) => string;
  /** Fills a new panel, or one that the editor kept over a reload. */
  fill: (panel: vscode.WebviewPanel, key: K) => void;
}

/** The open panels of a kind. */
export interface Panels<K> {
  /** Shows the panel of this key, the one there is or a new one. `title` is what its tab says, the same for the same key. */
  show(key: K, title: string): void;
  /** Open panels stay: the editor keeps them over a reload. */
  dispose(): void;
}

/** Keeps one panel a key, and takes up again those that were open when the window was loaded anew. */
export function createPanels<K>({ viewType, keyOf, nameOf, fill }: PanelKind<K>): Panels<K> {
  const open = new Map<string, vscode.WebviewPanel>();

  function adopt(panel: vscode.WebviewPanel, key: K): void {
    const name = nameOf(key);
    open.set(name, panel);
    panel.onDidDispose(() => {
      if (open.get(name) === panel) open.delete(name);
    });
    fill(panel, key);
  }

  const serializer = vscode.window.registerWebviewPanelSerializer(viewType, {
    deserializeWebviewPanel(panel, state: unknown) {
      const key = keyOf(state);
      if (key === null || open.has(nameOf(key))) panel.dispose();
      else adopt(panel, key);
      return Promise.resolve();
    },
  });

  return {
    show(key, title) {
      const known = open.get(nameOf(key));
      if (known) return known.reveal();
      // Of two tabs with one title nobody can tell which has a panel.
      if ([...open.values()].every((panel) => panel.title !== title)) closeDormant(viewType, title);
      adopt(vscode.window.createWebviewPanel(viewType, title, vscode.ViewColumn.Active), key);
    },
    dispose: () => void serializer.dispose(),
  };
}

/** After a reload a tab that nobody has looked at yet is a name without a panel: a new one takes its place. */
function closeDormant(viewType: string, title: string): void {
  const isDormant = ({ input, label }: vscode.Tab): boolean =>
    input instanceof vscode.TabInputWebview && input.viewType.endsWith(viewType) && label === title;
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.filter(isDormant));
  if (tabs.length > 0) void vscode.window.tabGroups.close(tabs);
}
