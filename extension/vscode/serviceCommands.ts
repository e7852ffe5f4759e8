import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import type { LocalService } from "../core/createLocalService.ts";
import type { Membership } from "../core/createMembership.ts";
import { words } from "../core/words.ts";
import type { JoinCommands } from "./joinCommands.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** The fleet's service on this machine, as a person handles it. */
export interface ServiceCommands {
  /** Starts it and shows its fleet, which this editor joins the first time. */
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  showLog(): Promise<void>;
}

export interface ServiceNeeds {
  membership: Membership;
  local: LocalService;
  joining: Pick<JoinCommands, "joinOwn">;
  /** Remembers, over windows and restarts, that the person stopped the service of a data folder. */
  stoppedHomes: StoppedHomes;
}

/** Data folders whose service the person stopped and did not start again. */
export interface StoppedHomes {
  has(home: string): boolean;
  add(home: string): void;
  delete(home: string): void;
}

export function createServiceCommands({
  membership,
  local,
  joining,
  stoppedHomes,
}: ServiceNeeds): ServiceCommands {
  /** The data folder of the fleet that is shown, where its service is on this machine. */
  const shownHome = (): string | null => membership.profile?.home ?? null;

  async function startAndShow(): Promise<void> {
    await membership.ready().catch(() => null);
    const { home } = await busy(words.service.starting, () => local.start(shownHome()));
    stoppedHomes.delete(home);
    const known = membership.profiles.find((profile) => profile.home === home);
    if (known === undefined) {
      const link = await local.joinLink(home);
      return await joining.joinOwn(link, { home, label: words.service.thisMachine });
    }
    membership.switchTo(known.identity.fleetId);
    membership.reconnect();
  }

  async function stop(): Promise<boolean> {
    await membership.ready().catch(() => null);
    const { stopped, home } = await busy(words.service.stopping, () => local.stop(shownHome()));
    stoppedHomes.add(home);
    return stopped;
  }

  return {
    start: () => told(startAndShow),
    stop: () =>
      told(async () => {
        const answer = await vscode.window.showWarningMessage(
          words.service.stopQuestion,
          { modal: true, detail: words.service.stopDetail },
          words.service.stop,
        );
        if (answer !== words.service.stop) return;
        const stopped = await stop();
        void vscode.window.showInformationMessage(stopped ? words.service.stopped : words.service.noneRuns);
      }),
    restart: () =>
      told(async () => {
        await stop();
        await startAndShow();
      }),
    showLog: () =>
      told(async () => {
        await membership.ready().catch(() => null);
        await vscode.window.showTextDocument(vscode.Uri.file(local.logFile(shownHome())), { preview: true });
      }),
  };
}

async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const answer = await showProblem(problemIn(error), words.service.showLog);
    if (answer === words.service.showLog) await vscode.commands.executeCommand(commandIds.showServiceLog);
  }
}

async function busy<T>(title: string, work: () => Promise<T>): Promise<T> {
  return await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, work);
}

/** Keeps them in the editor's own state. */
export function rememberedStops(state: vscode.Memento): StoppedHomes {
  const key = "hwledger.stoppedServices";
  const kept = () => state.get<string[]>(key, []);
  return {
    has: (home) => kept().includes(home),
    add: (home) => void state.update(key, [...new Set([...kept(), home])]),
    delete: (home) =>
      void state.update(
        key,
        kept().filter((one) => one !== home),
      ),
  };
}
