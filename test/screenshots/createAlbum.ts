import { join } from "node:path";
import type { Editor } from "../support/editor/editor.ts";

const themes = { dark: "Dark Modern", light: "Light Modern", contrast: "Default High Contrast" };
const wide = { width: 1440, height: 900 };
const narrow = { width: 800, height: 600 };
const themeLimitMs = 60_000;

/** Takes the pictures. What fails is noted under its name, and the walk goes on. */
export interface Album {
  /** A picture of what is there now, in the theme that is on. */
  picture(name: string): Promise<void>;
  /** The same in every theme, then narrow in the dark. What closes when the focus leaves it cannot be shown so. */
  inEveryTheme(name: string): Promise<void>;
  /** Does something; when it fails, that is noted and what was open is closed. */
  step(name: string, run: () => Promise<unknown>): Promise<void>;
  /** What could not be shown, with the reason. */
  missing(): readonly string[];
}

/** An album of one editor, whose pictures go into the folder. */
export function createAlbum(editor: Editor, folder: string): Album {
  const missing: string[] = [];

  async function step(name: string, run: () => Promise<unknown>): Promise<void> {
    console.log(name);
    try {
      await run();
    } catch (error) {
      missing.push(`${name}: ${error instanceof Error ? error.message.split("\n", 1)[0] : String(error)}`);
      for (let times = 0; times < 3; times += 1) await editor.page.keyboard.press("Escape").catch(() => null);
    }
  }

  const picture = (name: string) => editor.screenshot(join(folder, `${name}.png`));
  const setTheme = (id: string) =>
    editor.until(`the theme ${id}`, () => editor.setTheme(id).then(() => true), themeLimitMs);

  return {
    step,
    picture,
    missing: () => missing,
    inEveryTheme: (name) =>
      step(name, async () => {
        await editor.runCommand("Notifications: Clear All Notifications");
        for (const [theme, id] of Object.entries(themes)) {
          await setTheme(id);
          await picture(`${name}-${theme}`);
        }
        await setTheme(themes.dark);
        await editor.page.setViewportSize(narrow);
        await picture(`${name}-narrow`);
        await editor.page.setViewportSize(wide);
      }),
  };
}
