import * as vscode from "vscode";
import { awayText } from "../core/awayText.ts";
import { commandIds } from "../core/commandIds.ts";
import type { Listen, LocalService } from "../core/createLocalService.ts";
import type { Membership } from "../core/createMembership.ts";
import type { Profile } from "../core/profile.ts";
import { sharedRun } from "../core/sharedRun.ts";
import { words } from "../core/words/words.ts";
import { cancellable, isCancelled } from "./cancellable.ts";
import type { JoinCommands } from "./joinCommands.ts";
import { inform, warn } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** The fleet's service on this machine, as a person handles it. */
export interface ServiceCommands {
  /** Starts it and shows its fleet, which this editor joins the first time, and again where it no longer counts. */
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Starts it again so that other machines can reach it, after asking; whether they can now. */
  listenFurther(): Promise<boolean>;
  /** Starts it again for this machine alone, after asking; whether it is so now. */
  listenHere(): Promise<boolean>;
  showLog(): Promise<void>;
}

/** A question before the service listens elsewhere. */
interface ListenQuestion {
  question: string;
  detail: string;
  agree: string;
  done: string;
}

export interface ServiceNeeds {
  membership: Membership;
  local: LocalService;
  joining: Pick<JoinCommands, "joinOwn">;
}

export function createServiceCommands({ membership, local, joining }: ServiceNeeds): ServiceCommands {
  /** The data folder of the fleet that is shown, where its service is on this machine. Asked for once per command. */
  async function shownHome(): Promise<string | null> {
    await membership.ready().catch(() => null);
    return membership.profile?.home ?? null;
  }

  async function startAndShow(folder: string | null, listen?: Listen): Promise<void> {
    const { home, url } = await cancellable(words.service.starting, (signal) =>
      local.start(folder, { ...(listen ? { listen } : {}), signal }),
    );
    const known = membership.profiles.find((profile) => profile.home === home);
    if (known === undefined || isTurnedDown(known)) {
      const link = await local.joinLink(home);
      return await joining.joinOwn(link, { home, label: known?.label ?? words.service.thisMachine });
    }
    membership.switchTo(known.identity.fleetId);
    await membership.moveTo(known.identity.fleetId, url);
  }

  const start = sharedRun(async () => startAndShow(await shownHome()));

  /** Whether the fleet is shown and what answers does not accept this editor, or is another fleet in the same folder. */
  function isTurnedDown({ identity }: Profile): boolean {
    const { session } = membership;
    if (session?.identity.fleetId !== identity.fleetId) return false;
    if (session.contact.kind !== "lost" && session.contact.kind !== "refused") return false;
    return awayText(session.contact.problem, "here").way === "rejoin";
  }

  async function stop(home: string | null): Promise<boolean> {
    const { stopped } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: words.service.stopping },
      () => local.stop(home),
    );
    return stopped;
  }

  async function listenOn(
    listen: Listen,
    { question, detail, agree, done }: ListenQuestion,
  ): Promise<boolean> {
    const home = await shownHome();
    if (home === null) {
      void inform(words.service.notHere);
      return false;
    }
    const answer = await warn(question, { modal: true, detail }, agree);
    if (answer !== agree) return false;
    await stop(home);
    await startAndShow(home, listen);
    void inform(done);
    return true;
  }

  return {
    start: () => told(start),
    stop: () =>
      told(async () => {
        const home = await shownHome();
        const answer = await warn(
          words.service.stopQuestion,
          { modal: true, detail: words.service.stopDetail },
          words.service.stop,
        );
        if (answer !== words.service.stop) return;
        const stopped = await stop(home);
        void inform(stopped ? words.service.stopped : words.service.noneRuns);
      }),
    restart: () =>
      told(async () => {
        const home = await shownHome();
        await stop(home);
        await startAndShow(home);
      }),
    async listenFurther() {
      const { listenQuestion: question, listenDetail, listen: agree, listens: done } = words.service;
      const detail = listenDetail(new URL(membership.profile?.identity.url ?? "https://localhost").port);
      return (await told(() => listenOn("0.0.0.0:0", { question, detail, agree, done }))) ?? false;
    },
    async listenHere() {
      const { hideQuestion: question, hideDetail: detail, hide: agree, hides: done } = words.service;
      return (await told(() => listenOn("127.0.0.1:0", { question, detail, agree, done }))) ?? false;
    },
    showLog: () =>
      told(async () => {
        const log = vscode.Uri.file(local.logFile(await shownHome()));
        await vscode.window.showTextDocument(log, { preview: true });
      }),
  };
}

/** Does it, and tells of a failure. */
async function told<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isCancelled(error)) return undefined;
    const answer = await showProblem(problemIn(error), words.service.showLog);
    if (answer === words.service.showLog) await vscode.commands.executeCommand(commandIds.showServiceLog);
    return undefined;
  }
}
