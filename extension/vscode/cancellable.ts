import * as vscode from "vscode";
import { noticeText } from "../core/problemText.ts";

/** What a notification says beside its title, and how far the work has come, in percent. */
export type Report = (message: string, percent: number) => void;

/** Shows a notification with a button to cancel while the work runs. What was cancelled rejects with an `AbortError`. */
export async function cancellable<T>(
  title: string,
  work: (signal: AbortSignal, report: Report) => Promise<T>,
): Promise<T> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: noticeText(title),
    cancellable: true,
  };
  return await vscode.window.withProgress(options, async (progress, cancelled) => {
    const abort = new AbortController();
    const listening = cancelled.onCancellationRequested(() => abort.abort());
    let reached = 0;
    const report: Report = (message, percent) => {
      const increment = Math.floor(percent) - reached;
      if (increment <= 0) return;
      reached += increment;
      progress.report({ message: noticeText(message), increment });
    };
    try {
      return await work(abort.signal, report);
    } finally {
      listening.dispose();
    }
  });
}

/** Whether that is the end of work that the person has cancelled. */
export function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
