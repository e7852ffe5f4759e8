import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from "ssh2";
import { Refusal } from "../../protocol/problem.ts";
import { BeyondSsh2 } from "./beyondSsh2.ts";
import { newAuthState, type AuthNeeds, type AuthState } from "./authState.ts";
import { interactiveSteps, passwordKey } from "./interactiveSteps.ts";
import { keySteps } from "./keySteps.ts";

/** The ways in to one host, tried in OpenSSH's order, and what came of them. */
export interface Auth {
  handler: AuthHandlerMiddleware;
  /** Call when the login succeeded: the password given is remembered from then on. */
  succeeded(): void;
  /** Whether every way was tried. */
  exhausted(): boolean;
  /** Whether the host has turned down a way in that was tried. */
  refusedSome(): boolean;
  /** Why nobody is logged in. */
  refusal(cause?: unknown): Refusal | BeyondSsh2;
}

/**
 * Reads the keys and gathers the ways in: keys (agent, then files; the record's own first), keyboard-interactive,
 * password. Refusal `identity-unusable` when the file that the record names cannot be used.
 */
export async function authMethods(needs: AuthNeeds): Promise<Auth> {
  const state = newAuthState();
  const steps = [...(await keySteps(needs, state)), ...interactiveSteps(needs, state)];
  let noneSent = false;
  let isTrying = false;
  let refused = false;

  /**
   * A host may want a password on top of a key. ssh2 takes that answer for the key's refusal and keeps it to itself; so once
   * the key was signed for, the next way is tried whatever ssh2 says, and its answer has what the host allows by now.
   */
  const allowedNow = (allowed: readonly AuthenticationType[]): readonly AuthenticationType[] => {
    const isStale = state.keySigned;
    state.keySigned = false;
    return isStale ? [...allowed, "keyboard-interactive"] : allowed;
  };

  const nextMethod = async (allowed: readonly AuthenticationType[]): Promise<AnyAuthMethod | null> => {
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
      const method = allowed.includes(step.type) ? await step.make() : null;
      if (method !== null) return method;
    }
    state.exhausted = true;
    return null;
  };

  return {
    handler(allowed, partial, next) {
      refused ||= isTrying && !partial;
      if (!noneSent) {
        noneSent = true;
        next({ type: "none", username: needs.settings.user });
        return;
      }
      // ssh2 takes `false` for "no more"; its types do not say so
      const noMore = false as unknown as AnyAuthMethod;
      nextMethod(allowedNow(allowed)).then(
        (method) => {
          isTrying = method !== null;
          next(method ?? noMore);
        },
        () => {
          state.exhausted = true;
          next(noMore);
        },
      );
    },
    succeeded() {
      if (state.password !== null) needs.secrets.passwords.set(passwordKey(needs.settings), state.password);
    },
    exhausted: () => state.exhausted,
    refusedSome: () => refused,
    refusal: (cause) => refusalOf(needs, state, cause),
  };
}

function refusalOf(
  { host, address, settings }: AuthNeeds,
  state: AuthState,
  cause: unknown,
): Refusal | BeyondSsh2 {
  if (state.needed.length > 0) {
    return new Refusal("needs-login", { host, what: [...new Set(state.needed)].join(" or ") }, { cause });
  }
  if (state.beyond !== null) return new BeyondSsh2(state.beyond, { cause });
  const tried = [...new Set(state.tried)].join(", ") || "nothing, for want of a key";
  return new Refusal("host-login-refused", { host, address, user: settings.user, tried }, { cause });
}
