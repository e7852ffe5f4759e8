import type { HostPanelHost } from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { element, setAttribute, setText } from "./dom.ts";

/** A host's name, how it stands, and the facts about it. */
export function createHostHead(): { root: HTMLElement; show(host: HostPanelHost | null): void } {
  const name = element("h1");
  const status = element("span", { class: "status" });
  const facts = element("dl", { class: "facts" });
  const problem = element("p", { class: "problem", hidden: "" });
  const root = element("header", {}, element("div", { class: "name" }, name, status), facts, problem);
  return {
    root,
    show(host) {
      setText(name, host?.name ?? panelWords.host.unnamed);
      setText(status, host?.status.text ?? "");
      setAttribute(status, "data-tone", host?.status.tone ?? null);
      setAttribute(problem, "hidden", host?.problem == null ? "" : null);
      setText(problem, host?.problem == null ? "" : panelWords.host.problem(host.problem));
      showFacts(facts, host?.facts ?? []);
    },
  };
}

function showFacts(list: HTMLElement, facts: HostPanelHost["facts"]): void {
  while (list.children.length > facts.length) list.lastElementChild?.remove();
  while (list.children.length < facts.length) list.append(element("div", {}, element("dt"), element("dd")));
  facts.forEach(({ label, text }, at) => {
    const [term, value] = list.children[at]?.children ?? [];
    if (term) setText(term, label);
    if (value) setText(value, text);
  });
}
