import { linkForms, type InviteModel, type LinkForm } from "../core/panels/inviteSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { element, setAttribute, setText } from "./dom.ts";

const words = panelWords.invite;

/** A link in each of its forms, each with a button that copies it. */
export function createLinkForms(onCopy: (form: LinkForm) => void): {
  root: HTMLElement;
  show(forms: InviteModel["forms"], copied: LinkForm | null): void;
} {
  const views = linkForms.map((form) => {
    const [title, note] = words.forms[form];
    const text = element("code");
    const copy = element("button", { type: "button", class: "action", "aria-label": words.copyOf(title) });
    copy.addEventListener("click", () => onCopy(form));
    const root = element(
      "section",
      { class: "form" },
      element("h2", {}, title),
      element("p", { class: "muted" }, note),
      element("div", { class: "box" }, text, copy),
    );
    return { form, root, text, copy };
  });
  const spoken = element("p", { class: "hidden", role: "status" });
  const root = element("div", { class: "forms" }, ...views.map((view) => view.root), spoken);
  return {
    root,
    show(forms, copied) {
      setAttribute(root, "hidden", forms === null ? "" : null);
      for (const { form, text, copy } of views) {
        setText(text, forms?.[form] ?? "");
        setText(copy, copied === form ? words.copied : words.copy);
      }
      setText(spoken, copied === null ? "" : words.copied);
    },
  };
}
