import { clickOnce } from "./click.ts";
import { stepLimitMs, type Screen } from "./screen.ts";

export interface Dialogs {
  /** Waits for a modal dialog that shows the text, presses its button and waits until it is gone. */
  pressDialogButton(text: string, button: string): Promise<void>;
}

export function createDialogs({ page, until }: Screen): Dialogs {
  return {
    async pressDialogButton(text, button) {
      const dialog = page.locator(".monaco-dialog-box:visible", { hasText: text });
      await until(`the button "${button}" of a dialog with "${text}"`, async () => {
        await clickOnce(dialog.getByRole("button", { name: button, exact: true }), stepLimitMs);
        return true;
      });
      await dialog.waitFor({ state: "hidden", timeout: stepLimitMs });
    },
  };
}
