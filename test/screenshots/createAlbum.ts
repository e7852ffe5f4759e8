import { join } from "node:path";
import type { Editor } from "../support/editor/editor.ts";

const themes = { dark: "Dark Modern", light: "Light Modern", contrast: "Default High Contrast" };
const wide = { width: 1440, height: 900 };
const narrow = { width: 800, height: 600 };
const themeLimitMs = 60_000;
/** A terminal shows its new size for so long when the window has changed. */
const settleMs = 2_000;

/** Menus and hovers come up gradually. */
const fadeMs = 400;

/** Whether the screen shows what a picture is of. */
export type Shows = () => Promise<boolean>;

const openSelector =
  ".quick-input-widget:visible, .monaco-dialog-box:visible, .monaco-menu:visible, .settings-editor:visible";

/** Takes the pictures. What fails is noted under its name, and the walk goes on. */
export interface Album {
  /** A picture of what is there now, in the theme that is on. `shows` must hold before it is taken and afterwards. */
  picture(name: string, shows?: Shows): Promise<void>;
  /** The same in every theme, then narrow in the dark. What closes when the focus leaves it cannot be shown so. */
  inEveryTheme(name: string, shows?: Shows): Promise<void>;
  /** What closes when the focus leaves it: opened anew for its picture in each theme and narrow, and closed by Escape. */
  opened(openings: Readonly<Record<string, () => Promise<unknown>>>): Promise<void>;
  /**
   * Does something, without the notices of what was before. When it fails, that is noted, what was open is closed, and no
   * picture is taken before the next step.
   */
  step(name: string, run: () => Promise<unknown>): Promise<void>;
  /** What could not be shown, with the reason. */
  missing(): readonly string[];
}

/** An album of one editor, whose pictures go into the folder. */
export function createAlbum(editor: Editor, folder: string): Album {
  const missing: string[] = [];
  let isThere = true;

  async function step(name: string, run: () => Promise<unknown>): Promise<void> {
    console.log(name);
    isThere = true;
    try {
      await editor.runCommand("Notifications: Clear All Notifications");
      await run();
    } catch (error) {
      isThere = false;
      missing.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      for (let times = 0; times < 3; times += 1) await editor.page.keyboard.press("Escape").catch(() => null);
    }
  }

  async function picture(name: string, shows: Shows = () => Promise.resolve(true)): Promise<void> {
    await editor.until(`what ${name} shows`, shows);
    await editor.screenshot(join(folder, `${name}.png`));
    if (!(await shows())) throw new Error(`${name} no longer shows what it is of`);
  }

  async function close(): Promise<void> {
    await editor.until("nothing open", async () => {
      await editor.page.keyboard.press("Escape");
      return (await editor.page.locator(openSelector).count()) === 0;
    });
  }
  const setTheme = (id: string) =>
    editor.until(`the theme ${id}`, () => editor.setTheme(id).then(() => true), themeLimitMs);

  return {
    step,
    picture,
    missing: () => missing,
    async opened(openings) {
      const takeAll = async (look: string) => {
        for (const [name, open] of Object.entries(openings))
          await step(`${name}-${look}`, async () => {
            await open();
            await editor.page.waitForTimeout(fadeMs);
            await picture(`${name}-${look}`);
            await close();
          });
      };
      for (const [theme, id] of Object.entries(themes)) {
        await step(theme, () => setTheme(id));
        await takeAll(theme);
      }
      await step("dark", () => setTheme(themes.dark));
      await editor.page.setViewportSize(narrow);
      await takeAll("narrow");
      await editor.page.setViewportSize(wide);
    },
    async inEveryTheme(name, shows) {
      if (!isThere) return void missing.push(`${name}: what it is of did not come up`);
      await step(name, async () => {
        for (const [theme, id] of Object.entries(themes)) {
          await setTheme(id);
          await picture(`${name}-${theme}`, shows);
        }
        await setTheme(themes.dark);
        await editor.page.setViewportSize(narrow);
        await editor.page.waitForTimeout(settleMs);
        await picture(`${name}-narrow`, shows);
        await editor.page.setViewportSize(wide);
      });
    },
  };
}
