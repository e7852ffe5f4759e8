import type { Banner, CommonMessage } from "../core/panels/panelSchema.ts";
import { element, setAttribute, setText } from "./dom.ts";

/** The line above a page that says how it stands with the fleet; hidden when all is well. Screen readers hear of it. */
export function createBanner(say: (message: CommonMessage) => void): {
  root: HTMLElement;
  show(banner: Banner | null): void;
} {
  const text = element("span");
  const button = element("button", { type: "button", class: "action", hidden: "" });
  const root = element("div", { class: "banner", role: "status", hidden: "" }, text, button);
  let run: CommonMessage | null = null;
  button.addEventListener("click", () => {
    if (run) say(run);
  });
  return {
    root,
    show(banner) {
      setAttribute(root, "hidden", banner === null ? "" : null);
      setAttribute(root, "data-tone", banner?.tone ?? null);
      setText(text, banner?.text ?? "");
      const action = banner?.action ?? null;
      run = action && { kind: "run", run: action.run };
      setAttribute(button, "hidden", action === null ? "" : null);
      setText(button, action?.label ?? "");
    },
  };
}
