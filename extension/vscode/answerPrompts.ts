import * as vscode from "vscode";
import type { Prompt } from "../../protocol/prompt.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { noticeText } from "../core/problemText.ts";
import { printable } from "../core/printable.ts";
import { words } from "../core/words/words.ts";
import { inform, warn } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

const { prompts: say } = words;

/** What asks the person for the hosts. */
export interface HostQuestions extends vscode.Disposable {
  /** Asks what is open, whoever has made the hosts ask. */
  askAll(): Promise<void>;
}

/**
 * Asks the person what a host wants to know, one question at a time: in the window whose work makes the host ask, so that
 * nobody else is taken by surprise; elsewhere by a command, to which the status bar leads. A question that was answered
 * elsewhere or ran out is taken from the screen where the editor allows it. Answers go to the service and nowhere else.
 */
export function answerPrompts(membership: Membership): HostQuestions {
  const asked = new Set<string>();
  const wanted = new Set<string>();
  let isAsking = false;
  let withdraw: (() => void) | null = null;

  async function askNext(): Promise<void> {
    const { session } = membership;
    const prompt = session?.prompts.find(
      ({ id, host }) => !asked.has(id) && (wanted.has(id) || session.isAttended(host)),
    );
    if (!session || !prompt || isAsking) return;
    isAsking = true;
    asked.add(prompt.id);
    const source = new vscode.CancellationTokenSource();
    const isOpen = () => membership.session === session && session.prompts.some(({ id }) => id === prompt.id);
    withdraw = () => {
      if (!isOpen()) source.cancel();
    };
    try {
      const answer = await ask(prompt, source.token);
      if (!isOpen()) {
        // Taken from the screen because contact was lost: it is asked again where the host still waits afterwards.
        if (source.token.isCancellationRequested) asked.delete(prompt.id);
        else if (answer !== null) void inform(say.over(prompt.host));
      } else if (answer === null && !session.isAttended(prompt.host)) {
        // Who has only looked leaves the question to whoever has begun it.
        wanted.delete(prompt.id);
        asked.delete(prompt.id);
      } else if (!(await send(session, prompt, answer))) asked.delete(prompt.id);
    } finally {
      withdraw = null;
      isAsking = false;
      source.dispose();
    }
    await askNext();
  }

  const stop = membership.listen(() => {
    withdraw?.();
    void askNext();
  });
  return {
    dispose: stop,
    async askAll() {
      const session = await membership.ready();
      const open = session?.prompts ?? [];
      if (open.length === 0) return void inform(say.none);
      for (const { id } of open) wanted.add(id);
      await askNext();
    },
  };
}

/** Whether the host has its answer, or waits for none any more. */
async function send(session: FleetSession, prompt: Prompt, answer: string | null): Promise<boolean> {
  try {
    await session.client.call("answerPrompt", { params: { prompt: prompt.id }, body: { answer } });
  } catch (error) {
    const problem = problemIn(error);
    if (problem.code === "prompt-not-found") return true;
    await showProblem(problem);
    return false;
  }
  return true;
}

async function ask(prompt: Prompt, token: vscode.CancellationToken): Promise<string | null> {
  if (prompt.kind !== "host-key")
    return (
      (await vscode.window.showInputBox(
        {
          title: say.asks(prompt.host),
          prompt: noticeText(printable(prompt.text)),
          password: prompt.secret,
          ignoreFocusOut: true,
        },
        token,
      )) ?? null
    );
  const fingerprint = prompt.fingerprint ?? "";
  const detail = say.keyDetail(printable(prompt.text));
  const answer = await warn(say.keyQuestion(prompt.host), { modal: true, detail }, say.trust);
  return answer === say.trust ? fingerprint : null;
}
