import type { LinkRow, MembersMessage } from "../core/panels/membersSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { rowCell, type RowView } from "./createRows.ts";
import { element, setAttribute, setText } from "./dom.ts";
import { showTime } from "./timeText.ts";

const words = panelWords.members;

/** A join link that can still be used. */
export function createLinkRow(say: (message: MembersMessage) => void): RowView<LinkRow> {
  let row: LinkRow | null = null;
  const whom = rowCell("name", words.linkColumns.whom);
  const made = element("span");
  const runsOut = element("span");
  const withdraw = element("button", { type: "button", class: "action" }, words.withdraw);
  withdraw.addEventListener("click", () => {
    if (row) say({ kind: "withdraw", token: row.id });
  });
  const root = element(
    "tr",
    { role: "row" },
    whom,
    rowCell("made", words.linkColumns.made, made),
    rowCell("membership", words.linkColumns.runsOut, runsOut),
    rowCell("actions", words.linkColumns.actions, withdraw),
  );
  return {
    root,
    show(next) {
      row = next;
      setText(whom, next.whom);
      showTime(made, next.made);
      showTime(runsOut, next.runsOut);
      setAttribute(withdraw, "hidden", next.canWithdraw ? null : "");
      setAttribute(withdraw, "aria-label", words.withdrawOf(next.whom));
      setAttribute(root, "aria-busy", next.isBusy ? "true" : null);
    },
  };
}
