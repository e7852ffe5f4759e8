import type { Prompt } from "../../protocol/prompt.ts";

/** A question about the login at hand; who asks and for which host is already settled. */
export interface LoginQuestion {
  kind: Prompt["kind"];
  text: string;
  secret: boolean;
  fingerprint?: string;
}

/** Asks the person who attends this login. Null: nobody answers (also where the login is unattended). */
export type AskPerson = (question: LoginQuestion) => Promise<string | null>;
