import * as z from "zod";
import { modelMessageSchema, type CommonMessage } from "../core/panels/panelSchema.ts";

/** What the editor gives a page. */
declare function acquireVsCodeApi(): {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
};

/** What a page is made of. */
export interface PageNeeds<M, S> {
  modelSchema: z.ZodType<M>;
  stateSchema: z.ZodType<S>;
  /** The state of a page that was never open. */
  freshState: S;
  /** Draws the newest model. */
  draw: (model: M) => void;
}

/** A page's side of its panel. */
export interface Page<Msg, S> {
  readonly state: S;
  /** Kept by the editor over a hiding of the page and a reload of the window. */
  keep(change: Partial<S>): void;
  say(message: Msg | CommonMessage): void;
  /** Says that the page can be told; the first model follows. */
  start(): void;
}

/** Opens the page's side: typed messages both ways, each parsed, and the state that the editor keeps. */
export function openPage<M, Msg, S extends object>(needs: PageNeeds<M, S>): Page<Msg, S> {
  // A page may not make code of text; without this zod tries to, and the editor logs it.
  z.config({ jitless: true });
  const api = acquireVsCodeApi();
  const kept = needs.stateSchema.safeParse(api.getState());
  let state = kept.success ? kept.data : needs.freshState;
  window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const message = modelMessageSchema.safeParse(data);
    if (!message.success) return;
    needs.draw(needs.modelSchema.parse(message.data.model));
  });
  return {
    get state() {
      return state;
    },
    keep(change) {
      state = { ...state, ...change };
      api.setState(state);
    },
    say: (message) => api.postMessage(message),
    start: () => api.postMessage({ kind: "ready" } satisfies CommonMessage),
  };
}
