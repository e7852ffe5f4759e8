import type { Frame } from "playwright-core";
import type { Editor } from "./editor.ts";

/** Waits for the page of a panel in sight whose text fits, and returns its frame. It is another one after each reload. */
export function findWebview(
  editor: Pick<Editor, "page" | "until">,
  what: string,
  fits: (text: string) => boolean,
): Promise<Frame> {
  return editor.until(`the page of ${what}`, async () => {
    const texts: string[] = [];
    for (const frame of editor.page.frames()) {
      const main = frame.locator("main#page");
      if ((await main.count()) === 0 || !(await main.isVisible())) continue;
      const text = await main.innerText();
      if (fits(text)) return frame;
      texts.push(text);
    }
    throw new Error(`there are pages with: ${JSON.stringify(texts)}`);
  });
}
