import { userRoles } from "../../protocol/ids.ts";
import type { MemberRow, MembersMessage } from "../core/panels/membersSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { rowCell, type RowView } from "./createRows.ts";
import { arrangeChildren, element, setAttribute, setText } from "./dom.ts";
import { showTime } from "./timeText.ts";

const words = panelWords.members;

/** A member with what an admin may do about it. `answered`: see the model. */
export function createMemberRow(
  say: (message: MembersMessage) => void,
  answered: () => number,
): RowView<MemberRow> {
  let row: MemberRow | null = null;
  /**
   * Number of answers with which all that was chosen is answered; until then the select shows what was chosen last. An answer to
   * what was chosen before must not take that back, nor what a key makes of it next.
   */
  let awaited = 0;

  const label = element("span", { class: "label" });
  const you = element("span", { class: "badge" }, words.you);
  const note = element("small");
  const role = element("span");
  const select = element("select", {}, ...userRoles.map((one) => element("option", { value: one }, one)));
  select.addEventListener("change", () => {
    const wanted = userRoles.find((one) => one === select.value);
    if (!row || !wanted) return;
    awaited = Math.max(awaited, answered()) + 1;
    say({ kind: "change-role", member: row.name, role: wanted });
  });
  const back = button(() => row && say({ kind: "bring-back", member: row.name }));
  const approve = button(() => {
    if (row?.approveCode) say({ kind: "approve", member: row.name, code: row.approveCode });
  });
  const revoke = button(() => row && say({ kind: "revoke", member: row.name }));
  const name = rowCell("name", words.columns.name, label);
  const roleCell = rowCell("role", words.columns.role);
  const seen = element("span");
  const membership = element("span");
  const trust = element("small");
  const actions = rowCell("actions", words.columns.actions);
  const root = element(
    "tr",
    { role: "row" },
    name,
    roleCell,
    rowCell("seen", words.columns.seen, seen),
    rowCell("membership", words.columns.membership, membership, trust),
    actions,
  );

  return {
    root,
    show(next) {
      row = next;
      setText(label, next.label);
      setText(note, next.note);
      arrangeChildren(name, [label, ...(next.isYou ? [you] : []), ...(next.note === "" ? [] : [note])]);
      setText(role, next.role);
      arrangeChildren(roleCell, [next.canChangeRole ? select : role]);
      setAttribute(select, "aria-label", words.roleOf(next.label));
      if (!next.isBusy && answered() >= awaited) select.value = next.role;
      showTime(seen, next.seen);
      showTime(membership, next.membership);
      setAttribute(membership, "data-tone", next.membership.tone);
      setText(trust, next.trust);
      setText(approve, panelWords.trust.approve);
      setAttribute(approve, "aria-label", panelWords.trust.approveOf(next.label, next.approveCode ?? ""));
      setText(back, words.bringBack);
      setAttribute(back, "aria-label", words.bringBackOf(next.label));
      setText(revoke, words.revoke);
      setAttribute(revoke, "aria-label", words.revokeOf(next.label));
      arrangeChildren(actions, [
        ...(next.approveCode !== null ? [approve] : next.canReturn ? [back] : []),
        ...(next.canRevoke ? [revoke] : []),
      ]);
      setAttribute(root, "data-ended", next.isEnded ? "" : null);
      setAttribute(root, "aria-busy", next.isBusy ? "true" : null);
    },
  };
}

function button(onClick: () => unknown): HTMLElement {
  const made = element("button", { type: "button", class: "action" });
  made.addEventListener("click", () => void onClick());
  return made;
}
