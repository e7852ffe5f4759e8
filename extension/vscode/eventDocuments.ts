import * as vscode from "vscode";
import type { Membership } from "../core/createMembership.ts";
import { eventDocument } from "../core/eventDetails.ts";
import { words } from "../core/words/words.ts";
import { problemIn } from "./showProblem.ts";
import { problemText } from "../core/problemText.ts";

const scheme = "hwledger-event";

/** Opens an event of the ledger as a read-only JSON document, with its moment as a comment above. */
export async function openEventDocument(fleetId: string, seq: number): Promise<void> {
  const uri = vscode.Uri.from({ scheme, authority: fleetId, path: `/event ${seq}.jsonc` });
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { preview: true });
}

/** Gives the events that `openEventDocument` opens their content. One that could not be had is asked for again in contact. */
export function eventDocuments(membership: Membership): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const failed = new Map<string, vscode.Uri>();
  const stopListening = membership.listen(() => {
    const { session } = membership;
    if (session?.contact.kind !== "live") return;
    for (const [key, uri] of failed) {
      if (uri.authority !== session.identity.fleetId) continue;
      failed.delete(key);
      changed.fire(uri);
    }
  });
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const { authority, path } = uri;
      const seq = Number(/(\d+)\.jsonc$/.exec(path)?.[1]);
      const session = await membership.ready();
      if (session?.identity.fleetId !== authority) {
        failed.set(uri.toString(), uri);
        return commented(words.ledger.otherFleet);
      }
      try {
        const { events } = await session.client.call("listLedger", { query: { after: seq - 1, limit: 1 } });
        return events[0] ? eventDocument(events[0]) : commented(words.ledger.noEvent(seq));
      } catch (error) {
        failed.set(uri.toString(), uri);
        return commented(problemText(problemIn(error)));
      }
    },
  });
  return vscode.Disposable.from(provider, changed, { dispose: stopListening });
}

/** What is said in an event's place, as comments of JSON: a sentence a line. */
function commented(text: string): string {
  const sentences = text.split(/(?<=[.!?])\s+(?=\p{Lu}|https?:)|\n/u);
  return sentences.map((sentence) => `// ${sentence}`).join("\n");
}
