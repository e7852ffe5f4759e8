import * as vscode from "vscode";
import type { HostAlert } from "../core/decideAlerts.ts";

/** What the windows of one editor know of each other's alerts. */
export interface AlertMarks {
  /** Whether to tell of it in this window: no other has just done so, and its host is not muted. */
  claim(alert: HostAlert, pauseMs: number): Promise<boolean>;
  /** Nobody is told of that host for the rest of the day. */
  mute(hostId: string): Promise<void>;
}

/** The part of the pause between two alerts of a host for which one is claimed: other windows come upon it within their next looks. */
const claimedPart = 0.75;

/** Keeps them as files in the editor's folder for the extension: each holds the time until which it counts. */
export function alertMarks(folder: vscode.Uri, now: () => number): AlertMarks {
  const { fs } = vscode.workspace;
  const place = (name: string) => vscode.Uri.joinPath(folder, "alerts", name);

  async function holds(name: string): Promise<boolean> {
    try {
      return Number(Buffer.from(await fs.readFile(place(name))).toString()) > now();
    } catch {
      return false; // there is none
    }
  }

  /** Makes the folders, too. */
  async function mark(name: string, untilMs: number): Promise<void> {
    await fs.writeFile(place(name), Buffer.from(String(untilMs)));
  }

  return {
    async claim({ kind, hostId }, pauseMs) {
      const told = `told-${kind}-${hostId}`;
      if ((await holds(`mute-${hostId}`)) || (await holds(told))) return false;
      await mark(told, now() + claimedPart * pauseMs).catch(() => undefined); // on a full disk it is better told twice
      return true;
    },
    mute: (hostId) => mark(`mute-${hostId}`, new Date(now()).setHours(24, 0, 0, 0)),
  };
}
