import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Prompt } from "../../protocol/prompt.ts";
import type { Context } from "./context.ts";
import { promptText } from "./render/promptText.ts";

/** Longest wait for the stream before the work begins without anybody attending. */
const attendLimitMs = 5_000;

/**
 * While `work` runs, questions from the service are asked in the terminal. Without a terminal nobody attends, and the
 * service refuses at once instead of waiting.
 */
export async function attended<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const { stdin, stderr } = context.terminal;
  if (stdin.isTTY !== true || stderr.isTTY !== true) return work();
  const asker = createAsker(context);
  const ready = Promise.withResolvers<void>();
  const stream = context.stream((state) => {
    // Without a stream the work itself finds out why.
    if (state.kind === "waiting" || state.kind === "refused") ready.resolve();
  });
  const limit = setTimeout(ready.resolve, attendLimitMs);
  stream.subscribe("prompts", {
    onData(data, whole) {
      if (whole) ready.resolve();
      if (data.kind === "prompts") asker.show(data.prompts);
    },
    onProblem: () => ready.resolve(),
  });
  await ready.promise;
  clearTimeout(limit);
  try {
    return await work();
  } finally {
    stream.close();
    asker.close();
  }
}

/** Asks one question after the other; one that is no longer open is taken back. */
function createAsker(context: Context) {
  const asked = new Set<string>();
  let open: readonly Prompt[] = [];
  let current: { id: string; withdraw: () => void } | null = null;

  async function askNext(): Promise<void> {
    const prompt = open.find(({ id }) => !asked.has(id));
    if (!prompt || current !== null) return;
    asked.add(prompt.id);
    const withdrawn = new AbortController();
    current = { id: prompt.id, withdraw: () => withdrawn.abort() };
    const answer = await askPrompt(context, prompt, withdrawn.signal);
    current = null;
    // It may have run out meanwhile; the action then says so itself.
    if (!withdrawn.signal.aborted)
      await context
        .client()
        .call("answerPrompt", { params: { prompt: prompt.id }, body: { answer } })
        .catch(() => undefined);
    await askNext();
  }

  return {
    show(prompts: readonly Prompt[]) {
      open = prompts;
      if (current !== null && !prompts.some(({ id }) => id === current?.id)) current.withdraw();
      void askNext();
    },
    close() {
      open = [];
      current?.withdraw();
    },
  };
}

async function askPrompt(context: Context, prompt: Prompt, withdrawn: AbortSignal): Promise<string | null> {
  const typed = await askLine(context, promptText(prompt), prompt.secret, withdrawn);
  if (prompt.kind !== "host-key" || typed === null) return typed;
  return typed.trim().toLowerCase() === "yes" ? prompt.fingerprint : null;
}

/** Asks one line; null at end of input, Ctrl-C or when it is taken back. Secrets are not echoed. */
function askLine(
  { terminal }: Context,
  question: string,
  secret: boolean,
  withdrawn: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    if (secret) terminal.stderr.write(question);
    const lines = createInterface({
      input: terminal.stdin,
      output: secret ? silent : terminal.stderr,
      terminal: true,
      historySize: 0,
    });
    let isSettled = false;
    const settle = (value: string | null): void => {
      if (isSettled) return;
      isSettled = true;
      withdrawn.removeEventListener("abort", takeBack);
      lines.close();
      if (secret || value === null) terminal.stderr.write("\n");
      resolve(value);
    };
    const takeBack = (): void => settle(null);
    lines.once("line", settle);
    lines.once("SIGINT", () => settle(null));
    lines.once("close", () => settle(null));
    withdrawn.addEventListener("abort", takeBack);
    if (!secret) {
      const last = question.lastIndexOf("\n") + 1;
      terminal.stderr.write(question.slice(0, last));
      lines.setPrompt(question.slice(last));
      lines.prompt();
    }
  });
}
