import { clockText } from "../core/clock.ts";
import {
  membersModelSchema,
  membersStateSchema,
  type LinkRow,
  type MemberRow,
  type MembersMessage,
  type MembersModel,
  type MembersState,
} from "../core/panels/membersSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createBanner } from "./createBanner.ts";
import { createLinkRow } from "./createLinkRow.ts";
import { createMemberRow } from "./createMemberRow.ts";
import { createRows } from "./createRows.ts";
import { createTrustPart } from "./createTrustPart.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { keepScroll } from "./keepScroll.ts";
import { openPage } from "./openPage.ts";

const words = panelWords.members;
let model: MembersModel | null = null;

const page = openPage<MembersModel, MembersMessage, MembersState>({
  modelSchema: membersModelSchema,
  stateSchema: membersStateSchema,
  freshState: { showsEnded: false, scrollTop: 0 },
  draw(next) {
    model = next;
    draw();
  },
});
const say = (message: MembersMessage): void => page.say(message);
const banner = createBanner((message) => page.say(message));
const asOf = element("span", { class: "muted" });
const refresh = action(words.refresh, { class: "link" }, () => say({ kind: "refresh" }));
const invite = action(words.invite, { class: "action primary" }, () => say({ kind: "invite" }));
const note = element("p", { class: "note", role: "status" });
const columns = ["name", "role", "seen", "membership", "actions"] as const;
const members = createRows<MemberRow>(
  words.caption,
  columns.map((key) => ({ key, title: words.columns[key] })),
  ({ name }) => name,
  () => createMemberRow(say, () => model?.answered ?? 0),
);
const ended = element("input", { type: "checkbox", id: "ended" });
ended.checked = page.state.showsEnded;
ended.addEventListener("change", () => {
  page.keep({ showsEnded: ended.checked });
  draw();
});
const endedText = element("label", { for: "ended" });
const toggle = element("p", { class: "toggle" }, ended, endedText);
const links = createRows<LinkRow>(
  words.linksCaption,
  [
    { key: "name", title: words.linkColumns.whom },
    { key: "made", title: words.linkColumns.made },
    { key: "membership", title: words.linkColumns.runsOut },
    { key: "actions", title: words.linkColumns.actions },
  ],
  ({ id }) => id,
  () => createLinkRow(say),
);
const noLinks = element("p", { class: "muted" }, words.noLinks);
const linksPart = element("section", { class: "links" }, element("h2", {}, words.links), links.root, noLinks);
const trust = createTrustPart(say);
const header = element(
  "header",
  {},
  element("h1", {}, words.title),
  element("p", { class: "read" }, asOf, refresh),
  invite,
);
byId("page").append(header, banner.root, note, members.root, toggle, linksPart, trust.root);
setAttribute(byId("page"), "data-unread", "");
const scroll = keepScroll(page);
page.keep({});
page.start();

function action(text: string, look: { class: string }, onClick: () => void): HTMLElement {
  const button = element("button", { type: "button", ...look }, text);
  button.addEventListener("click", onClick);
  return button;
}

function draw(): void {
  if (model === null) return;
  const { rows, isAdmin, readAtMs, isStale } = model;
  banner.show(model.banner);
  setText(note, model.note);
  setAttribute(byId("page"), "data-unread", rows === null ? "" : null);
  setAttribute(byId("page"), "data-stale", isStale ? "" : null);
  setAttribute(byId("page"), "data-acts", isAdmin ? "" : null);
  setAttribute(invite, "hidden", isAdmin ? null : "");
  setAttribute(invite, "disabled", isStale ? "" : null);
  setAttribute(refresh, "hidden", isStale ? "" : null);
  setText(asOf, readAtMs === null ? "" : words.asOf(clockText(readAtMs)));
  const over = (rows ?? []).filter(({ isEnded }) => isEnded).length;
  setAttribute(toggle, "hidden", over === 0 ? "" : null);
  setText(endedText, words.showEnded(over));
  members.show((rows ?? []).filter(({ isEnded }) => !isEnded || page.state.showsEnded));
  setAttribute(linksPart, "hidden", model.links === null ? "" : null);
  links.show(model.links ?? []);
  const hasLinks = (model.links ?? []).length > 0;
  setAttribute(links.root, "hidden", hasLinks ? null : "");
  setAttribute(noLinks, "hidden", hasLinks ? "" : null);
  trust.show(model.trust);
  if (rows !== null) scroll.restore();
}
