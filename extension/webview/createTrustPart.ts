import type { AuthorityRow, MembersMessage, TrustModel } from "../core/panels/membersSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createRows, rowCell, type RowView } from "./createRows.ts";
import { element, setAttribute, setText } from "./dom.ts";
import { showTime } from "./timeText.ts";

const words = panelWords.trust;

/** The part of the members' page about the fleet's certificate authorities. */
export function createTrustPart(say: (message: MembersMessage) => void): {
  root: HTMLElement;
  show: (model: TrustModel | null) => void;
} {
  const phase = element("p");
  const next = element("span", { class: "muted" });
  const rotate = element("button", { type: "button", class: "action" }, words.rotate);
  rotate.addEventListener("click", () => say({ kind: "rotate" }));
  const rows = createRows<AuthorityRow>(
    words.caption,
    [
      { key: "name", title: words.columns.name },
      { key: "state", title: words.columns.state },
      { key: "made", title: words.columns.made },
      { key: "ends", title: words.columns.ends },
      { key: "certificates", title: words.columns.certificates },
    ],
    ({ fingerprint }) => fingerprint,
    createAuthorityRow,
  );
  const root = element(
    "section",
    { class: "links trust" },
    element("h2", {}, words.title),
    phase,
    element("p", { class: "next" }, next, rotate),
    rows.root,
  );
  return {
    root,
    show(model) {
      setAttribute(root, "hidden", model === null ? "" : null);
      if (model === null) return;
      setText(phase, model.phase);
      showTime(next, model.next);
      setAttribute(rotate, "hidden", model.canRotate ? null : "");
      rows.show(model.authorities);
    },
  };
}

function createAuthorityRow(): RowView<AuthorityRow> {
  const name = element("span", { class: "label" });
  const fingerprint = element("small", { class: "fingerprint" });
  const [state, made, ends, certificates] = [
    element("span"),
    element("span"),
    element("span"),
    element("span"),
  ];
  const root = element(
    "tr",
    { role: "row" },
    rowCell("name", words.columns.name, name, fingerprint),
    rowCell("state", words.columns.state, state),
    rowCell("made", words.columns.made, made),
    rowCell("ends", words.columns.ends, ends),
    rowCell("certificates", words.columns.certificates, certificates),
  );
  return {
    root,
    show(row) {
      setText(name, row.name);
      setText(fingerprint, `${row.fingerprint.slice(0, 16)}…`);
      setAttribute(fingerprint, "title", row.fingerprint);
      setText(state, row.state);
      showTime(made, row.made);
      showTime(ends, row.ends);
      setText(certificates, row.certificates);
    },
  };
}
