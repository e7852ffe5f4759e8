import type { Banner, CommonMessage } from "../core/panels/panelSchema.ts";
import { arrangeChildren, element, setAttribute, setText } from "./dom.ts";

/** The line above a page that says how it stands with the fleet; hidden when all is well. Screen readers hear of it, but not each time its age goes on. */
export function createBanner(say: (message: CommonMessage) => void): {
  root: HTMLElement;
  show(banner: Banner | null): void;
} {
  const text = element("span", { role: "status" });
  const age = element("span", { class: "age" });
  const said = element("div", { class: "said" }, text, " ", age);
  const root = element("div", { class: "banner", hidden: "" }, said);
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
      setText(age, banner?.age ?? "");
      arrangeChildren(root, [said, ...(banner?.actions ?? []).map(buttonFor)]);
    },
  };
}
