import type { JobId } from "../../protocol/ids.ts";
import type { HostPanelModel } from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { element, setText } from "./dom.ts";

const words = panelWords.host;

/** What a host costs, its jobs and its last events. */
export function createHostLists(onShowLog: (jobId: JobId) => void): {
  root: HTMLElement;
  show(model: HostPanelModel): void;
} {
  const rate = element("dd");
  const cost = element("dd");
  const costs = element(
    "dl",
    { class: "facts" },
    element("div", {}, element("dt", {}, words.rate), rate),
    element("div", {}, element("dt", {}, words.jobsCost), cost),
  );
  const jobs = createList<HostPanelModel["jobs"][number]>((job) => jobRow(job, onShowLog));
  const events = createList<NonNullable<HostPanelModel["events"]>[number]>(eventRow);
  const root = element(
    "div",
    { class: "lists" },
    element("section", {}, element("h2", {}, words.cost), costs),
    element("section", {}, element("h2", {}, words.jobs), jobs.root),
    element("section", {}, element("h2", {}, words.events), events.root),
  );
  return {
    root,
    show(model) {
      setText(rate, model.cost.rate);
      setText(cost, model.cost.jobs === "" ? words.noCost : model.cost.jobs);
      jobs.show(model.jobs, words.noJobs);
      events.show(model.events ?? [], model.events === null ? words.eventsNotRead : words.noEvents);
    },
  };
}

function createList<T>(row: (item: T) => HTMLElement): {
  root: HTMLElement;
  show(items: readonly T[], none: string): void;
} {
  const list = element("ul");
  const empty = element("p", { class: "muted" });
  let drawn: string[] = [];
  return {
    root: element("div", {}, list, empty),
    show(items, none) {
      setText(empty, items.length === 0 ? none : "");
      const texts = items.map((item) => JSON.stringify(item));
      while (list.children.length > items.length) list.lastElementChild?.remove();
      items.forEach((item, at) => {
        if (drawn[at] === texts[at] && list.children[at]) return;
        const old = list.children[at];
        const hadFocus = old?.contains(document.activeElement) ?? false;
        const next = row(item);
        if (old) old.replaceWith(next);
        else list.append(next);
        if (hadFocus) next.querySelector("button")?.focus({ preventScroll: true });
      });
      drawn = texts;
    },
  };
}

function jobRow(job: HostPanelModel["jobs"][number], onShowLog: (jobId: JobId) => void): HTMLElement {
  const open = element("button", { type: "button", class: "link", title: words.showLog }, job.label);
  open.addEventListener("click", () => onShowLog(job.id));
  const cost = element(
    "span",
    { class: "cost", ...(job.cost.hint ? { title: job.cost.hint } : {}) },
    job.cost.text,
  );
  return element(
    "li",
    { class: "job", "data-tone": job.tone },
    open,
    element("span", { class: "outcome" }, job.outcome),
    element("span", { class: "muted" }, words.by(job.when, job.by)),
    cost,
  );
}

function eventRow(event: NonNullable<HostPanelModel["events"]>[number]): HTMLElement {
  return element(
    "li",
    { class: "event", "data-tone": event.tone },
    element("span", { class: "muted seq" }, `#${event.seq}`),
    element("span", { class: "what", title: event.type }, event.what),
    element("span", { class: "detail", title: event.detail }, event.detail),
    element("span", { class: "muted" }, words.by(event.when, event.by)),
  );
}
