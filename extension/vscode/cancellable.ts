import * as vscode from "vscode";

/** Shows a notification with a button to cancel while the work runs. What was cancelled rejects with an `AbortError`. */
export async function cancellable<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return await vscode.window.withProgress(options, async (_progress, cancelled) => {
    const abort = new AbortController();
    const listening = cancelled.onCancellationRequested(() => abort.abort());
    try {
      return await work(abort.signal);
    } finally {
      listening.dispose();
    }
  });
}

/** Whether that is the end of work that the person has cancelled. */
export function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
