import type { Banner, CommonMessage } from "../core/panels/panelSchema.ts";
import { arrangeChildren, element, setAttribute, setText } from "./dom.ts";

/** The line above a page that says how it stands with the fleet; hidden when all is well. Screen readers hear of it. */
export function createBanner(say: (message: CommonMessage) => void): {
  root: HTMLElement;
  show(banner: Banner | null): void;
} {
  const text = element("span");
  const root = element("div", { class: "banner", role: "status", hidden: "" }, text);
  // Kept by what they do, so that one that has the focus is not made anew.
  const buttons = new Map<string, HTMLElement>();
  const buttonFor = ({ label, run }: Banner["actions"][number]): HTMLElement => {
    let button = buttons.get(run);
    if (!button) {
      button = element("button", { type: "button", class: "action" });
      button.addEventListener("click", () => say({ kind: "run", run }));
      buttons.set(run, button);
    }
    setText(button, label);
    return button;
  };
  return {
    root,
    show(banner) {
      setAttribute(root, "hidden", banner === null ? "" : null);
      setAttribute(root, "data-tone", banner?.tone ?? null);
      setText(text, banner?.text ?? "");
      arrangeChildren(root, [text, ...(banner?.actions ?? []).map(buttonFor)]);
    },
  };
}
