import { clickOnce } from "./click.ts";
import { stepLimitMs, type Screen } from "./screen.ts";

export interface Notification {
  severity: "info" | "warning" | "error";
  message: string;
}

export interface Notifications {
  /** Every notification that was shown since the page was loaded, also those that have gone; oldest first. */
  notifications(): Promise<Notification[]>;
  /** Waits for a notification whose message contains the text. */
  waitForNotification(text: string, limitMs?: number): Promise<Notification>;
  /** Presses a button of a notification that is still on screen. */
  pressNotificationButton(text: string, button: string): Promise<void>;
}

type RecordingWindow = Window & { shownNotifications?: Notification[] };

/** Runs in the page before anything else: notes each notification, since they leave the screen by themselves. */
export function recordNotifications(): void {
  if (window.top !== window) return;
  const shown: Notification[] = [];
  (window as RecordingWindow).shownNotifications = shown;
  const last = new WeakMap<Element, string>();
  const severityOf = (toast: Element) => {
    if (toast.querySelector(".codicon-error") !== null) return "error";
    return toast.querySelector(".codicon-warning") !== null ? "warning" : "info";
  };
  const note = () => {
    for (const toast of document.querySelectorAll(".notifications-toasts .notification-list-item")) {
      const message = toast.querySelector(".notification-list-item-message")?.textContent ?? "";
      if (message === "" || last.get(toast) === message) continue;
      last.set(toast, message);
      shown.push({ severity: severityOf(toast), message });
    }
  };
  new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true });
}

export function createNotifications({ page, until }: Screen): Notifications {
  const read = () => page.evaluate(() => (window as RecordingWindow).shownNotifications ?? []);
  return {
    notifications: read,
    waitForNotification(text, limitMs) {
      return until(
        `a notification with "${text}"`,
        async () => (await read()).find(({ message }) => message.includes(text)),
        limitMs,
      );
    },
    async pressNotificationButton(text, button) {
      const toast = page.locator(".notifications-toasts .notification-list-item", { hasText: text }).last();
      await until(`the button "${button}" of the notification "${text}"`, async () => {
        await clickOnce(toast.getByRole("button", { name: button, exact: true }), stepLimitMs);
        return true;
      });
    },
  };
}
