import type { HostId, PromptId } from "../../protocol/ids.ts";
import type { Prompt } from "../../protocol/prompt.ts";

/** A question to whoever attends. `graceMs`: how long it may wait for somebody to attend; 0 (default): not at all. */
export interface Question {
  hostId: HostId | null;
  host: string;
  kind: Prompt["kind"];
  text: string;
  secret: boolean;
  fingerprint: string | null;
  graceMs?: number;
}

/** Open questions to people. Answers live in memory only. */
export interface Prompts {
  /** Resolves with the answer; null when it was dismissed, timed out, aborted, or nobody attends. Never rejects. */
  ask(question: Question, signal?: AbortSignal): Promise<string | null>;
  list(): Prompt[];
  /** Answers (null: dismisses) an open question; false when there is no such question. */
  answer(id: string, value: string | null): boolean;
  /** Says that somebody listens from now on; call what it returns when they leave. */
  attend(): () => void;
  attended(): boolean;
  /** Called after every change of `list()`; returns the stop. */
  onChange(listener: () => void): () => void;
  /** Dismisses every open question. */
  close(): void;
}

interface OpenPrompt {
  prompt: Prompt;
  settle(value: string | null): void;
}

export interface PromptNeeds {
  now: () => number;
  newId: () => PromptId;
  timeoutMs?: number;
}

/** Questions that only a person can answer (host keys, passphrases, passwords), and who is there to answer them. */
export function createPrompts({ now, newId, timeoutMs = 120_000 }: PromptNeeds): Prompts {
  const open = new Map<string, OpenPrompt>();
  const listeners = new Set<() => void>();
  const arrivals = new Set<() => void>();
  let attendants = 0;

  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };

  const somebodyComes = (graceMs: number, signal: AbortSignal | undefined): Promise<boolean> => {
    if (attendants > 0) return Promise.resolve(true);
    if (graceMs <= 0 || signal?.aborted === true) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        arrivals.delete(done);
        signal?.removeEventListener("abort", done);
        resolve(attendants > 0 && signal?.aborted !== true);
      };
      const timer = setTimeout(done, graceMs);
      arrivals.add(done);
      signal?.addEventListener("abort", done);
    });
  };

  const put = (question: Question, signal: AbortSignal | undefined): Promise<string | null> =>
    new Promise((resolve) => {
      const id = newId();
      const settle = (value: string | null): void => {
        if (!open.delete(id)) return;
        clearTimeout(timer);
        signal?.removeEventListener("abort", dismiss);
        resolve(value);
        changed();
      };
      const dismiss = (): void => {
        settle(null);
      };
      const timer = setTimeout(dismiss, timeoutMs);
      signal?.addEventListener("abort", dismiss);
      open.set(id, { prompt: promptOf(id, question, now(), timeoutMs), settle });
      changed();
    });

  return {
    async ask(question, signal) {
      if (!(await somebodyComes(question.graceMs ?? 0, signal)) || signal?.aborted === true) return null;
      return put(question, signal);
    },
    list: () => [...open.values()].map((one) => one.prompt),
    answer(id, value) {
      const one = open.get(id);
      one?.settle(value);
      return one !== undefined;
    },
    attend() {
      attendants += 1;
      let here = true;
      for (const arrived of [...arrivals]) arrived();
      return () => {
        if (here) attendants -= 1;
        here = false;
      };
    },
    attended: () => attendants > 0,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      for (const one of [...open.values()]) one.settle(null);
    },
  };
}

function promptOf(id: PromptId, question: Question, askedAtMs: number, timeoutMs: number): Prompt {
  const { hostId, host, kind, text, secret, fingerprint } = question;
  const expiresAtMs = askedAtMs + timeoutMs;
  return { id, hostId, host, kind, text, secret, fingerprint, askedAtMs, expiresAtMs };
}
