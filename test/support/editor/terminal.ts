import type { QuickInput } from "./quickInput.ts";
import { stepLimitMs, type Screen } from "./screen.ts";

export interface Terminal {
  /** The lines in sight of the active terminal, as drawn: a long line takes several. Empty without a terminal. */
  terminalText(): Promise<string>;
  /** Waits until the lines in sight contain the text; line breaks do not count. */
  waitForTerminal(text: string, limitMs?: number): Promise<string>;
  /** Everything the active terminal holds, with what has scrolled away and long lines in one piece. */
  terminalBuffer(): Promise<string>;
  /** Presses keys in the active terminal, e.g. `Control+C`. */
  pressInTerminal(key: string): Promise<void>;
}

export function createTerminal(screen: Screen, { runCommand }: Pick<QuickInput, "runCommand">): Terminal {
  const { page, until } = screen;
  const xterm = page.locator(".terminal-wrapper.active .xterm:visible").last();

  const terminalText = async () => {
    if ((await xterm.count()) === 0) return "";
    const lines = await xterm
      .locator(".xterm-rows > div")
      .evaluateAll((rows) => rows.map((row) => row.textContent.replaceAll("\u00a0", " ").trimEnd()));
    return lines.join("\n").trimEnd();
  };

  return {
    terminalText,
    waitForTerminal(text, limitMs) {
      return until(
        `"${text}" in the terminal`,
        async () => {
          const shown = await terminalText();
          return withoutBreaks(shown).includes(withoutBreaks(text)) && shown;
        },
        limitMs,
      );
    },
    async terminalBuffer() {
      const nothing = `nothing copied yet ${performance.now()}`;
      await page.evaluate((text) => navigator.clipboard.writeText(text), nothing);
      await runCommand("Terminal: Select All");
      await runCommand("Terminal: Copy Selection");
      const copied = await until("the terminal's text on the clipboard", async () => {
        const text = await page.evaluate(() => navigator.clipboard.readText());
        return text === nothing ? undefined : { text };
      });
      await runCommand("Terminal: Clear Selection");
      return copied.text.trimEnd();
    },
    async pressInTerminal(key) {
      await until(`the key ${key} in the terminal`, async () => {
        await xterm.locator(".xterm-helper-textarea").focus({ timeout: stepLimitMs });
        await page.keyboard.press(key);
        return true;
      });
    },
  };
}

function withoutBreaks(text: string): string {
  return text.replaceAll(/\r?\n/g, "");
}
