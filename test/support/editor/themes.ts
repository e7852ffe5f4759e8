import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

interface ThemeManifest {
  contributes?: { themes?: { id?: string; label: string; path: string }[] };
}

export interface Theme {
  /** How the list of themes calls it. */
  label: string;
  /** What the workbench's element carries under it. */
  className: string;
}

/** Finds a built-in theme by its id, as in the settings; throws for an unknown one. */
export async function findTheme(serverDir: string, wantedId: string): Promise<Theme> {
  const extensionsDir = join(serverDir, "extensions");
  const known: string[] = [];
  for (const extension of await readdir(extensionsDir)) {
    if (!extension.startsWith("theme-")) continue;
    const read = async (name: string) => readFile(join(extensionsDir, extension, name), "utf8");
    const manifest = JSON.parse(await read("package.json")) as ThemeManifest;
    for (const { id, label, path } of manifest.contributes?.themes ?? []) {
      known.push(id ?? label);
      if (known.at(-1) !== wantedId) continue;
      const texts = JSON.parse(await read("package.nls.json")) as Record<string, string>;
      const className = `vscode-${extension}-themes-${basename(path).replaceAll(".", "-")}`;
      return { label: texts[label.replaceAll("%", "")] ?? label, className };
    }
  }
  throw new Error(`no theme "${wantedId}"; there are: ${known.join(", ")}`);
}
