import type { AnyAuthMethod, AuthenticationType } from "ssh2";
import type { AskPerson } from "./askPerson.ts";
import type { LoginSecrets } from "./loginSecrets.ts";
import type { SshSettings } from "./sshSettings.ts";

export interface AuthNeeds {
  /** Name of the host, for people. */
  host: string;
  address: string;
  settings: SshSettings;
  ask: AskPerson;
  /** Whether somebody is there who could answer. */
  canAsk: () => boolean;
  secrets: LoginSecrets;
}

/** What happened so far in one login. */
export interface AuthState {
  exhausted: boolean;
  /** Ways tried, for people. */
  tried: string[];
  /** Answers that were needed and not given. */
  needed: string[];
  /** Nobody answered a question: no more are asked. */
  dismissed: boolean;
  /** The password sent last; null when none was. */
  password: string | null;
  passwordsAsked: number;
  /** The host took a key of the ring and got its signature. */
  keySigned: boolean;
  /** A key at hand that ssh2 cannot use, for people. */
  beyond: string | null;
}

/** One way in; `make` gives null when there is nothing to try after all. */
export interface AuthStep {
  type: AuthenticationType;
  make(): Promise<AnyAuthMethod | null>;
}

/** The state of a login that has not begun. */
export function newAuthState(): AuthState {
  return {
    exhausted: false,
    tried: [],
    needed: [],
    dismissed: false,
    password: null,
    passwordsAsked: 0,
    keySigned: false,
    beyond: null,
  };
}

/** Asks, unless an earlier question of this login went unanswered; notes when this one does. */
export function askOnce(ask: AskPerson, state: AuthState, what: string): AskPerson {
  return async (question) => {
    const answer = state.dismissed ? null : await ask(question);
    if (answer !== null) return answer;
    state.dismissed = true;
    state.needed.push(what);
    return null;
  };
}
