import type { AnyAuthMethod, Prompt } from "ssh2";
import { askOnce, type AuthNeeds, type AuthState, type AuthStep } from "./authState.ts";
import type { SshSettings } from "./sshSettings.ts";

const passwordTries = 3;

/** The login by answers of a person: keyboard-interactive, then password, three passwords in all. */
export function interactiveSteps(needs: AuthNeeds, state: AuthState): AuthStep[] {
  const keyboard: AuthStep = { type: "keyboard-interactive", make: () => keyboardMethod(needs, state) };
  const password: AuthStep = { type: "password", make: () => passwordMethod(needs, state) };
  return [...Array<AuthStep>(passwordTries).fill(keyboard), ...Array<AuthStep>(passwordTries).fill(password)];
}

/** Under which name the password of a login is remembered. */
export function passwordKey(settings: SshSettings): string {
  return `${settings.user}@${settings.hostname}:${settings.port}`;
}

async function passwordMethod(needs: AuthNeeds, state: AuthState): Promise<AnyAuthMethod | null> {
  const { settings } = needs;
  const password = await givePassword(needs, state, `Password of ${settings.user}@${settings.hostname}`);
  return password === null ? null : { type: "password", username: settings.user, password };
}

/** The password remembered (once), else one that a person gives. */
async function givePassword(
  { settings, ask, secrets }: AuthNeeds,
  state: AuthState,
  text: string,
): Promise<string | null> {
  const remembered = secrets.passwords.get(passwordKey(settings));
  secrets.passwords.delete(passwordKey(settings));
  if (remembered === undefined && state.passwordsAsked >= passwordTries) return null;
  const sentence = state.passwordsAsked === 0 ? text : `Permission denied. ${text}`;
  const question = { kind: "password" as const, text: sentence, secret: true };
  const given = remembered ?? (await askOnce(ask, state, "a password")(question));
  if (given === null) return null;
  if (remembered === undefined) state.passwordsAsked += 1;
  state.tried.push("password");
  state.password = given;
  return given;
}

/** Nothing is begun that nobody would answer: a login that breaks off costs the host a delay. */
async function keyboardMethod(needs: AuthNeeds, state: AuthState): Promise<AnyAuthMethod | null> {
  const remembered = needs.secrets.passwords.has(passwordKey(needs.settings));
  if (state.dismissed || (!remembered && state.passwordsAsked >= passwordTries)) return null;
  if (!remembered && !needs.canAsk()) {
    state.needed.push("a password");
    return null;
  }
  const username = needs.settings.user;
  return Promise.resolve({
    type: "keyboard-interactive",
    username,
    prompt: (_name, instructions, _language, prompts, finish) => {
      answerKeyboard(needs, state, instructions, prompts).then(finish, () => {
        finish([]);
      });
    },
  });
}

async function answerKeyboard(
  needs: AuthNeeds,
  state: AuthState,
  instructions: string,
  prompts: readonly Prompt[],
): Promise<string[]> {
  const answers: string[] = [];
  for (const { prompt, echo } of prompts) {
    const { user, hostname } = needs.settings;
    const asked = [instructions, prompt]
      .filter((part) => part !== "")
      .join(" ")
      .trim();
    const text = `${user}@${hostname} asks: ${asked}`;
    const secret = echo !== true;
    const isPassword = prompts.length === 1 && secret && /password/i.test(prompt);
    const answer = isPassword
      ? await givePassword(needs, state, text)
      : await askOnce(needs.ask, state, "an answer")({ kind: "keyboard-interactive", text, secret });
    if (answer === null) break;
    if (!isPassword) state.tried.push("keyboard-interactive");
    answers.push(answer);
  }
  return answers;
}
