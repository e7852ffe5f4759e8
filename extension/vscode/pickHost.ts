import { isDeepStrictEqual } from "node:util";
import * as vscode from "vscode";
import type { HostId } from "../../protocol/ids.ts";
import { mostWatched } from "../core/createHostWatch.ts";
import { commandIds } from "../core/commandIds.ts";
import { mayRun } from "../core/commandRoles.ts";
import { words } from "../core/words/words.ts";
import { argsText, parseArgs } from "../core/argsText.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { choicesInPlace, placed, type PlacedChoice } from "../core/choicesInPlace.ts";
import { createSteadyFocus } from "../core/createSteadyFocus.ts";
import { rankHosts, type HostChoice } from "../core/rankHosts.ts";
import { showSteadily } from "./askInList.ts";
import { inform } from "./notices.ts";

const { dispatch: say } = words;
const refreshMs = 1_000;

/** What was chosen. */
export interface Placement {
  choice: HostChoice;
  args: readonly string[];
  scriptOnly: boolean;
}

/** What may be sent: a script, or the folder that it belongs to. */
export interface Sends {
  script: string;
  folder: string;
}

export interface PickHostNeeds {
  /** The connection to the fleet whose hosts are shown; another object once another took its place. */
  session: () => FleetSession;
  now: () => number;
  /** The script's name for people. */
  label: string;
  args: readonly string[];
  /** Called with the arguments each time they were edited. */
  onArgs: (args: readonly string[]) => void;
  /** Null: there is nothing to choose. */
  sends: Sends | null;
  scriptOnly: boolean;
  /** Called with each choice of what is sent. */
  onScriptOnly: (scriptOnly: boolean) => void;
}

interface Item extends vscode.QuickPickItem {
  /** Null: no host. */
  choice: HostChoice | null;
  /** What the row changes, where it is no host. */
  changes?: "args" | "sends";
}

const editButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("edit"),
  tooltip: say.editArgs,
};

/**
 * Asks where to run, best host first, with a way to change the arguments. Undefined when the person gives up. While the
 * list is open its hosts are read each second.
 */
export async function pickHost(needs: PickHostNeeds): Promise<Placement | undefined> {
  const ranked = () => {
    const { fleet, contact } = needs.session();
    return rankHosts(fleet, contact, needs.now());
  };
  let choices = placed(ranked());
  if (choices.length === 0) {
    const { none, add } = words.hosts;
    const mayAdd = mayRun(commandIds.addHost, needs.session().identity.role);
    const answer = await inform(none, ...(mayAdd ? [add] : []));
    if (answer === add) await vscode.commands.executeCommand(commandIds.addHost);
    return undefined;
  }
  let { args, scriptOnly } = needs;
  let isEditing = false;
  const list = vscode.window.createQuickPick<Item>();
  list.title = say.title(needs.label);
  list.placeholder = say.choose;
  list.matchOnDescription = true;
  list.matchOnDetail = true;
  list.buttons = [editButton];
  list.keepScrollPosition = true;
  const focus = createSteadyFocus<Active>(needs.now);

  function draw(active: Active): void {
    const sends = needs.sends ? [sendsItem(needs.sends, scriptOnly)] : [];
    const items = [argsItem(args), ...sends, ...hostItems(choices)];
    list.items = items;
    const wanted = items.find((item) => active !== undefined && placeOf(item) === active);
    if (wanted) list.activeItems = [wanted];
    focus.drawn(active);
  }

  function goBack(active: Active): void {
    const item = list.items.find((one) => placeOf(one) === active);
    if (item) list.activeItems = [item];
  }

  function show(active: Active = choices[0]?.hostId): void {
    draw(active);
    showSteadily(list);
  }

  function refresh(): void {
    const next = choicesInPlace(choices, ranked());
    needs.session().watchFor(list, new Set(next.slice(0, mostWatched).map(({ hostId }) => hostId)));
    if (isEditing || !focus.isAtRest() || isDeepStrictEqual(next, choices)) return;
    choices = next;
    draw(placeOf(list.activeItems[0]));
  }

  function turn(): void {
    scriptOnly = !scriptOnly;
    needs.onScriptOnly(scriptOnly);
    list.value = "";
    draw("sends");
  }

  async function edit(): Promise<void> {
    const active = list.activeItems[0]?.choice?.hostId;
    isEditing = true;
    const typed = await askArgs(needs.label, args);
    isEditing = false;
    if (typed !== undefined) {
      args = typed;
      needs.onArgs(args);
    }
    list.value = "";
    show(active);
  }

  const refreshing = setInterval(refresh, refreshMs);
  return new Promise((resolve) => {
    list.onDidTriggerButton(() => void edit());
    list.onDidChangeActive(([item]) => {
      const back = focus.moved(placeOf(item));
      if (back !== null) goBack(back);
    });
    list.onDidAccept(() => {
      const [item] = list.selectedItems;
      if (item?.changes === "args") return void edit();
      if (item?.changes === "sends") return turn();
      resolve(item?.choice ? { choice: item.choice, args, scriptOnly } : undefined);
      list.hide();
    });
    list.onDidHide(() => {
      if (isEditing) return; // the box for the arguments stands in its place
      clearInterval(refreshing);
      needs.session().watchFor(list, new Set());
      resolve(undefined);
      list.dispose();
    });
    show();
    refresh();
  });
}

type Active = HostId | Item["changes"];

/** How a row is found again when the list is drawn anew. */
function placeOf(item: Item | undefined): Active {
  return item?.choice?.hostId ?? item?.changes;
}

function sendsItem({ script, folder }: Sends, scriptOnly: boolean): Item {
  return {
    choice: null,
    changes: "sends",
    label: scriptOnly ? say.sendsAlone(script) : say.sendsFolder(folder),
    description: scriptOnly ? say.sendFolder(folder) : say.sendAlone(script),
    iconPath: new vscode.ThemeIcon(scriptOnly ? "file" : "folder"),
  };
}

function argsItem(args: readonly string[]): Item {
  return {
    choice: null,
    changes: "args",
    label: say.args(args.length === 0 ? say.noArgs : argsText(args)),
    description: args.length === 0 ? say.addArgs : say.changeArgs,
    iconPath: new vscode.ThemeIcon("edit"),
  };
}

const icons = {
  ready: new vscode.ThemeIcon("vm"),
  possible: new vscode.ThemeIcon("vm"),
  doubtful: new vscode.ThemeIcon("vm-outline"),
} as const;

/** A heading that does not hold for each below it any more is left empty. */
function heading(choices: readonly PlacedChoice[], section: PlacedChoice["section"]): string {
  if (section === "new") return say.headings.new;
  const holds = choices.every((choice) => choice.section !== section || choice.fit === section);
  return holds ? say.headings[section] : "";
}

function hostItems(choices: readonly PlacedChoice[]): Item[] {
  return choices.flatMap((choice, at) => {
    const { name: label, description, detail, fit, section } = choice;
    const item: Item = { choice, label, description, detail, iconPath: icons[fit] };
    const separator: Item = {
      choice: null,
      label: heading(choices, section),
      kind: vscode.QuickPickItemKind.Separator,
    };
    return choices[at - 1]?.section === section ? [item] : [separator, item];
  });
}

/** Asks for the arguments; undefined when the person leaves them as they are. */
async function askArgs(label: string, args: readonly string[]): Promise<readonly string[] | undefined> {
  const typed = await vscode.window.showInputBox({
    title: say.argsTitle(label),
    prompt: say.argsPrompt,
    placeHolder: say.argsPlaceHolder,
    value: argsText(args),
    ignoreFocusOut: true,
    validateInput(text) {
      const parsed = parseArgs(text);
      return parsed.kind === "unclear" ? parsed.reason : undefined;
    },
  });
  const parsed = typed === undefined ? undefined : parseArgs(typed);
  return parsed?.kind === "args" ? parsed.args : undefined;
}
