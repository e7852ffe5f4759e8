import { formatDuration } from "../../protocol/duration.ts";
import {
  inviteModelSchema,
  inviteStateSchema,
  type InviteMessage,
  type InviteModel,
} from "../core/panels/inviteSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createBanner } from "./createBanner.ts";
import { createLinkForms } from "./createLinkForms.ts";
import { createQr } from "./createQr.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { openPage } from "./openPage.ts";

const words = panelWords.invite;
let model: InviteModel | null = null;

// Nothing is kept: the link is a secret.
const page = openPage<InviteModel, InviteMessage, object>({
  modelSchema: inviteModelSchema,
  stateSchema: inviteStateSchema,
  freshState: {},
  draw(next) {
    model = next;
    draw();
  },
});
const banner = createBanner((message) => page.say(message));
const heading = element("h1");
const says = element("p", { class: "says", role: "status" });
const left = element("p", { class: "left", role: "timer" });
const qr = createQr();
const stamp = element("span", { class: "stamp", "aria-hidden": "true" });
const reachText = element("span");
const listen = action(words.listen, { class: "action" }, { kind: "listen" });
const reach = element("div", { class: "banner reach", "data-tone": "warning" }, reachText, listen);
const forms = createLinkForms((form) => page.say({ kind: "copy", form }));
const again = action(words.again, { class: "action primary" }, { kind: "again" });
const withdraw = action(words.withdraw, { class: "action" }, { kind: "withdraw" });
const members = action(words.members, { class: "link" }, { kind: "members" });
byId("page").append(
  element("header", {}, heading),
  banner.root,
  element(
    "div",
    { class: "invitation" },
    element("div", { class: "code" }, element("div", { class: "paper" }, qr.root, stamp), left),
    element(
      "div",
      { class: "about" },
      says,
      reach,
      forms.root,
      element("div", { class: "buttons" }, again, withdraw, members),
    ),
  ),
);
setAttribute(byId("page"), "data-unread", "");
setInterval(tick, 1_000);
page.start();

function action(text: string, look: { class: string }, message: InviteMessage): HTMLButtonElement {
  const button = element("button", { type: "button", ...look }, text);
  button.addEventListener("click", () => page.say(message));
  return button;
}

function draw(): void {
  if (model === null) return;
  const { state, canAct } = model;
  const isOpen = state === "open";
  setAttribute(byId("page"), "data-unread", null);
  setAttribute(byId("page"), "data-state", state);
  banner.show(model.banner);
  setText(heading, model.title);
  setText(says, model.says);
  qr.show(model.qr, isOpen ? words.qr(model.title) : words.qrUseless);
  setText(stamp, isOpen ? "" : words.stamps[state]);
  setAttribute(reach, "hidden", model.reach === null ? "" : null);
  setText(reachText, model.reach?.text ?? "");
  setAttribute(listen, "hidden", model.reach?.canListen ? null : "");
  forms.show(model.forms, model.copied);
  setAttribute(again, "hidden", isOpen ? "" : null);
  setAttribute(withdraw, "hidden", isOpen ? null : "");
  for (const button of [again, withdraw, listen]) button.disabled = !canAct;
  tick();
}

function tick(): void {
  if (model === null) return;
  const leftMs = model.endsAtMs - Date.now();
  const isOver = model.state !== "open" || leftMs <= 0;
  setText(left, isOver ? "" : words.left(formatDuration(leftMs)));
}
