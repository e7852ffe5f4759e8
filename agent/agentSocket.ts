import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { Refusal } from "../protocol/problem.ts";
import type { AgentHome } from "./agentHome.ts";

/** What may be asked of the agent that runs. */
export type AgentQuestion = "status" | "stop";

const answerLimitMs = 2_000;

/** What the agent of a home that runs answers, as JSON; empty where it did not in time. Null: none runs. */
export function askAgent({ socketFile }: AgentHome, question: AgentQuestion): Promise<string | null> {
  return new Promise((resolve) => {
    let answer = "";
    let runs = false;
    const socket = connect(socketFile, () => {
      runs = true;
      socket.end(question);
    });
    socket.setTimeout(answerLimitMs, () => socket.destroy());
    socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(runs ? answer : null));
  });
}

/** Answers what is asked of this agent, and so keeps a second one from running. Throws `agent-runs`. */
export async function answerOnSocket(
  home: AgentHome,
  answer: (question: AgentQuestion) => string,
): Promise<Server> {
  if ((await askAgent(home, "status")) !== null) throw new Refusal("agent-runs", { home: home.directory });
  rmSync(home.socketFile, { force: true }); // left by one that was killed
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let asked = "";
    socket.setTimeout(answerLimitMs, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.setEncoding("utf8").on("data", (text: string) => {
      asked += text;
      if (asked.length > 100) socket.destroy();
    });
    socket.on("end", () => socket.end(asked === "status" || asked === "stop" ? answer(asked) : ""));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(home.socketFile, resolve);
  });
  server.unref();
  return server;
}
