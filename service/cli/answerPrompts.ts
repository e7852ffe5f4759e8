import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Prompt } from "../../protocol/prompt.ts";
import type { Context } from "./context.ts";
import { printable } from "./render/table.ts";

/**
 * While `work` runs, questions from the service are asked in the terminal. Without a terminal nobody attends, and the
 * service refuses at once instead of waiting.
 */
export async function attended<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const { stdin, stderr } = context.terminal;
  if (stdin.isTTY !== true || stderr.isTTY !== true) return work();
  const asked = new Set<string>();
  let chain = Promise.resolve();
  const stream = context.stream();
  await new Promise<void>((resolve) => {
    const giveUp = setTimeout(resolve, 5_000);
    stream.subscribe("prompts", {
      onData(data, whole) {
        if (data.kind !== "prompts") return;
        if (whole) {
          clearTimeout(giveUp);
          resolve();
        }
        for (const prompt of data.prompts) {
          if (asked.has(prompt.id)) continue;
          asked.add(prompt.id);
          chain = chain.then(() => answer(context, prompt));
        }
      },
      onProblem: () => {
        clearTimeout(giveUp);
        resolve();
      },
    });
  });
  try {
    return await work();
  } finally {
    stream.close();
  }
}

async function answer(context: Context, prompt: Prompt): Promise<void> {
  const { terminal } = context;
  const question = `${printable(prompt.text)} `;
  let given: string | null;
  if (prompt.kind === "host-key") {
    const typed = await ask(terminal, `${question}\nType yes if it is the host's key: `, false);
    given = typed?.trim().toLowerCase() === "yes" ? prompt.fingerprint : null;
  } else given = await ask(terminal, question, prompt.secret);
  // It may have timed out meanwhile; the action then says so itself.
  await context
    .client()
    .call("answerPrompt", { params: { prompt: prompt.id }, body: { answer: given } })
    .catch(() => undefined);
}

/** Asks one line; null at end of input or Ctrl-C. Secrets are not echoed. */
function ask(terminal: Context["terminal"], question: string, secret: boolean): Promise<string | null> {
  return new Promise((resolve) => {
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    terminal.stderr.write(question);
    const lines = createInterface({
      input: terminal.stdin,
      output: secret ? silent : terminal.stderr,
      terminal: true,
    });
    const settle = (value: string | null): void => {
      lines.close();
      if (secret || value === null) terminal.stderr.write("\n");
      resolve(value);
    };
    lines.once("line", settle);
    lines.once("SIGINT", () => settle(null));
    lines.once("close", () => resolve(null));
  });
}
