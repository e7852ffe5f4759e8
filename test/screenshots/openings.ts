import type { Editor } from "../support/editor/editor.ts";

/** Brings something up over the window, and waits until it is there. */
export type Opening = () => Promise<void>;

/** The ways in which something comes up over the window of an editor. */
export interface Openings {
  list(command: string): Opening;
  /** An input that says what to type; `pick` answers the list that comes before it. */
  input(command: string, pick?: string): Opening;
  /** An input that is reached by some steps, and shows that text. */
  inputAfter(steps: () => Promise<unknown>, text: string): Opening;
  /** A question that needs an answer before anything else, by some of its words. */
  question(open: () => Promise<unknown>, words: string): Opening;
  hover(selector: string, text: string, word: string): Opening;
  /** What comes up in the corner of the window. */
  notice(cause: () => Promise<unknown>, text: string): Opening;
}

const limitMs = 30_000;

export function createOpenings(editor: Editor): Openings {
  const { page } = editor;
  const box = page.locator(".quick-input-widget:visible");
  return {
    list: (command) => async () => {
      await editor.runCommand(command);
      await editor.quickInputItems();
    },
    input: (command, pick) => async () => {
      await editor.runCommand(command);
      if (pick !== undefined) await editor.pickQuickInput(pick);
      await box.locator(".quick-input-message").waitFor({ timeout: limitMs });
    },
    inputAfter: (steps, text) => async () => {
      await steps();
      await editor.until(`"${text}"`, async () => (await box.innerText()).includes(text));
    },
    question: (open, words) => async () => {
      await open();
      await page.locator(".monaco-dialog-box:visible", { hasText: words }).waitFor({ timeout: limitMs });
    },
    hover: (selector, text, word) => async () => {
      await page.mouse.move(700, 300);
      await page.locator(selector, { hasText: text }).first().hover();
      await page.locator(".monaco-hover:visible", { hasText: word }).last().waitFor({ timeout: limitMs });
    },
    notice: (cause, text) => async () => {
      await cause();
      await page.locator(".notifications-toasts", { hasText: text }).waitFor({ timeout: limitMs });
    },
  };
}
