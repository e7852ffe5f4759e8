import * as vscode from "vscode";
import type { JobRecord } from "../../protocol/job.ts";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import { localFile } from "../core/localPlace.ts";
import { traceLinks } from "../core/traceLinks.ts";
import { words } from "../core/words/words.ts";
import type { JobTerminals } from "./createJobTerminals.ts";
import { isFile, scriptOf } from "./scriptToDispatch.ts";

interface LocalLink extends vscode.TerminalLink {
  uri: vscode.Uri;
  /** From 0. */
  place: vscode.Position;
}

/** Makes places on the host that a log names, as in a traceback, links to the same lines of the local files. */
export function createTraceLinks(
  terminals: Pick<JobTerminals, "jobIn">,
  memory: DispatchMemory,
): vscode.Disposable {
  /** The local file: of the folder that was sent, or of an open folder where another editor sent the job. */
  async function localUri(job: JobRecord, path: string): Promise<vscode.Uri | undefined> {
    const sent = memory.of(job.id);
    if (sent?.script === path) return (await scriptOf(sent.file)) ? vscode.Uri.parse(sent.file) : undefined;
    if (sent?.scriptOnly) return undefined;
    const folders = sent?.root ? [sent.root] : openFolders();
    for (const folder of folders) {
      const uri = vscode.Uri.file(localFile(folder, path));
      if (await isFile(uri)) return uri;
    }
    return undefined;
  }

  async function firstUri(job: JobRecord, paths: readonly string[]): Promise<vscode.Uri | undefined> {
    for (const path of paths) {
      const uri = await localUri(job, path);
      if (uri) return uri;
    }
    return undefined;
  }

  const provider: vscode.TerminalLinkProvider<LocalLink> = {
    async provideTerminalLinks({ terminal, line }) {
      const job = terminals.jobIn(terminal);
      if (!job) return [];
      const links = traceLinks(line, job).map(async (link): Promise<LocalLink[]> => {
        const uri = await firstUri(job, link.paths);
        if (!uri) return [];
        const place = new vscode.Position(Math.max(0, link.line - 1), Math.max(0, link.column - 1));
        const tooltip = words.job.openLine(vscode.workspace.asRelativePath(uri), link.line);
        return [{ startIndex: link.startIndex, length: link.length, tooltip, uri, place }];
      });
      return (await Promise.all(links)).flat();
    },
    async handleTerminalLink({ uri, place }) {
      await vscode.window.showTextDocument(uri, { selection: new vscode.Range(place, place) });
    },
  };
  return vscode.window.registerTerminalLinkProvider(provider);
}

function openFolders(): string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);
}
