import type { Dialogs } from "./dialogs.ts";
import type { QuickInput } from "./quickInput.ts";
import { stepLimitMs, waitLimitMs, type Screen } from "./screen.ts";

/**
 * Opens a link that an extension's UriHandler handles. Two kinds:
 * - `code-oss://publisher.extension/path?query`, as the system would hand it over: through "Open URL", with the
 *   question whether the extension may open it answered by yes (`asks: false` when the settings' list
 *   `extensions.confirmedUriHandlerExtensionIds` holds the extension);
 * - `http://127.0.0.1:…/callback?…` as made by `env.asExternalUri`: in a tab of its own, as a browser
 *   would; once for each link made, and nothing is asked.
 */
export type OpenUri = (uri: string, options?: { asks?: boolean }) => Promise<void>;

export function createOpenUri(
  { page }: Screen,
  { runCommand, typeInQuickInput }: Pick<QuickInput, "runCommand" | "typeInQuickInput">,
  { pressDialogButton }: Dialogs,
  uriScheme = "code-oss",
): OpenUri {
  const openTab = async (url: string) => {
    const tab = await page.context().newPage();
    try {
      await tab.goto(url, { timeout: waitLimitMs });
      await tab.getByText("You can close this page now").waitFor({ timeout: stepLimitMs });
    } finally {
      await tab.close();
    }
  };
  return async (uri, { asks = true } = {}) => {
    if (uri.startsWith("http:")) return openTab(uri);
    await runCommand("Developer: Open URL");
    await typeInQuickInput(uri.replace(/^code-oss:/, `${uriScheme}:`));
    if (asks) await pressDialogButton("to open this URI", "Open");
  };
}
