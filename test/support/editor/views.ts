import { setTimeout as delay } from "node:timers/promises";
import type { Locator } from "playwright-core";
import { clickOnce } from "./click.ts";
import { createContextMenu, type OpenMenu } from "./menus.ts";
import type { QuickInput } from "./quickInput.ts";
import { stepLimitMs, type Screen } from "./screen.ts";

/** What the workbench scrolls for a wheel's notch, and what the browser reports for one. */
const [scrolledPxPerNotch, wheelPxPerNotch] = [50, 120];
const rowPx = 22;

export interface TreeItem {
  label: string;
  description: string;
  /** 1 for the view's own items. */
  level: number;
  /** null for an item without children. */
  expanded: boolean | null;
}

export interface Views {
  /** Shows and focuses a view by its title, wherever it is. */
  openView(title: string): Promise<void>;
  /** The items of an open tree view, from top to bottom, also those that must be scrolled to. */
  treeItems(viewTitle: string): Promise<TreeItem[]>;
  /** Waits until the items satisfy the condition, and returns them. */
  waitForTree(viewTitle: string, what: string, fits: (items: TreeItem[]) => boolean): Promise<TreeItem[]>;
  expandTreeItem(viewTitle: string, label: string): Promise<void>;
  clickTreeItem(viewTitle: string, label: string): Promise<void>;
  treeContextMenu(viewTitle: string, label: string, menuItem: string): Promise<void>;
  /** Right-clicks an item once, when the rows are at rest; the menu is the test's to use and to close. */
  openTreeMenu(viewTitle: string, label: string): Promise<OpenMenu>;
  /** Right-clicks a file in the Explorer; its folders are expanded. `file` is its path in the workspace. */
  explorerContextMenu(file: string, menuItem: string): Promise<void>;
  /** The labels in a file's context menu in the Explorer. */
  explorerMenuItems(file: string): Promise<string[]>;
  /** Right-clicks into the active text editor. */
  editorContextMenu(menuItem: string): Promise<void>;
}

export function createViews(screen: Screen, { runCommand }: Pick<QuickInput, "runCommand">): Views {
  const { page, until } = screen;
  const menu = createContextMenu(screen);
  const explorer = page.locator(".explorer-folders-view");

  const treeItems = async (viewTitle: string) => readTree(paneOf(screen, viewTitle));
  const row = (viewTitle: string, label: string) => async () =>
    rowOf(paneOf(screen, viewTitle), (item) => item.label === label);
  const explorerRow = async (file: string) => {
    if (!(await explorer.isVisible())) await runCommand("Show Explorer");
    return () => revealFile(explorer, file.split("/"));
  };

  return {
    treeItems,
    async openView(title) {
      // A folded view is there too, without its body.
      const body = paneOf(screen, title).locator(".pane-body");
      if (!(await body.isVisible())) await runCommand(`Focus on ${title} View`);
      await until(`the view "${title}"`, () => body.isVisible());
    },
    waitForTree(viewTitle, what, fits) {
      return until(`${what} in the view "${viewTitle}"`, async () => {
        const items = await treeItems(viewTitle);
        if (!fits(items)) throw new Error(`the view has: ${JSON.stringify(items)}`);
        return items;
      });
    },
    async expandTreeItem(viewTitle, label) {
      await until(`the expanded item "${label}" in the view "${viewTitle}"`, async () =>
        expand(await row(viewTitle, label)()),
      );
    },
    async clickTreeItem(viewTitle, label) {
      await until(`the item "${label}" in the view "${viewTitle}"`, async () => {
        const found = await row(viewTitle, label)();
        // What comes or goes above it would put another row under the mouse, and a click there folds a group.
        if (!(await isAtRest(paneOf(screen, viewTitle)))) return false;
        await clickOnce(found.locator(".label-name").first(), stepLimitMs);
        return true;
      });
    },
    treeContextMenu: (viewTitle, label, menuItem) =>
      menu.choose(row(viewTitle, label), menuItem, `"${label}" in the view "${viewTitle}"`),
    async openTreeMenu(viewTitle, label) {
      const target = await until(`the item "${label}" at rest in the view "${viewTitle}"`, async () => {
        const found = await row(viewTitle, label)();
        return (await isAtRest(paneOf(screen, viewTitle))) && found;
      });
      return menu.openOnce(target);
    },
    async explorerContextMenu(file, menuItem) {
      await menu.choose(await explorerRow(file), menuItem, `${file} in the Explorer`);
    },
    async explorerMenuItems(file) {
      return menu.read(await explorerRow(file), `${file} in the Explorer`);
    },
    editorContextMenu: (menuItem) =>
      menu.choose(
        () =>
          Promise.resolve(page.locator(".editor-group-container.active .monaco-editor .view-lines").first()),
        menuItem,
        "the active text editor",
      ),
  };
}

/** A view is a pane; alone in its container its header is hidden, but still says the title. */
function paneOf({ page }: Screen, title: string): Locator {
  const heading = page.locator(".pane-header h3.title", { hasText: exactly(title) });
  return page.locator(".pane").filter({ has: heading });
}

function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}\\s*$`);
}

const restMs = 300;

/** Whether the rows that are drawn stay the same ones in the same places for a moment. */
async function isAtRest(tree: Locator): Promise<boolean> {
  const places = async () =>
    (await readRows(tree)).map(({ index, item }) => `${index} ${item.label}`).join("\n");
  const before = await places();
  await delay(restMs);
  return (await places()) === before;
}

/** Rows exist only near the part in sight, so a long tree is scrolled from its top to its last row. */
async function readTree(tree: Locator): Promise<TreeItem[]> {
  const rows = new Map<number, TreeItem>();
  await scanRows(tree, ({ index, item }) => {
    rows.set(index, item);
    return false;
  });
  return [...rows].sort(([a], [b]) => a - b).map(([, item]) => item);
}

/** Shows each row of a tree from its top on until one fits; that one is then drawn. */
async function scanRows(tree: Locator, fits: (row: DrawnRow) => boolean): Promise<DrawnRow | undefined> {
  let drawn = await readRows(tree);
  while (drawn.length > 0 && drawn[0]?.index !== 0) drawn = await scroll(tree, drawn, "up");
  for (;;) {
    const found = drawn.find((row) => fits(row));
    if (found !== undefined || drawn.length === 0 || drawn.some(({ isLast }) => isLast)) return found;
    drawn = await scroll(tree, drawn, "down");
  }
}

/** Scrolls by less than what is in sight, however low the view is, so that no row is passed unseen. */
async function scroll(tree: Locator, before: DrawnRow[], way: "up" | "down"): Promise<DrawnRow[]> {
  const list = tree.locator(".monaco-list");
  await list.hover({ timeout: stepLimitMs });
  const heightPx = await list.evaluate((element) => element.clientHeight);
  const byPx = (Math.max(rowPx, heightPx / 2) * wheelPxPerNotch) / scrolledPxPerNotch;
  await tree.page().mouse.wheel(0, way === "up" ? -byPx : byPx);
  const endAtMs = performance.now() + stepLimitMs;
  while (performance.now() < endAtMs) {
    const drawn = await readRows(tree);
    if (drawn[0]?.index === before[0]?.index) continue;
    if (Math.abs((drawn[0]?.index ?? 0) - (before[0]?.index ?? 0)) <= before.length) return drawn;
    throw new Error("rows of the tree were passed unseen");
  }
  throw new Error(`the tree does not scroll ${way} by ${byPx} px from its row ${before[0]?.index}`);
}

interface DrawnRow {
  index: number;
  isLast: boolean;
  item: TreeItem;
}

/** A row; what sticks to the top of a scrolled tree is drawn a second time there. */
const rowSelector = ".monaco-list-row:not(.monaco-tree-sticky-row)";

/** The rows that are drawn now, in their order on screen. */
async function readRows(tree: Locator): Promise<DrawnRow[]> {
  const rows = await tree.locator(rowSelector).evaluateAll((elements) =>
    elements.map((row) => {
      const text = (selector: string) => (row.querySelector(selector)?.textContent ?? "").trim();
      const expanded = row.getAttribute("aria-expanded");
      return {
        index: Number(row.getAttribute("data-index")),
        isLast: row.getAttribute("data-last-element") === "true",
        item: {
          label: text(".monaco-icon-label .label-name"),
          description: text(".monaco-icon-label .label-description"),
          level: Number(row.getAttribute("aria-level")),
          expanded: expanded === null ? null : expanded === "true",
        },
      };
    }),
  );
  return rows.sort((a, b) => a.index - b.index);
}

async function rowOf(tree: Locator, fits: (item: TreeItem) => boolean): Promise<Locator> {
  const labels: string[] = [];
  const found = await scanRows(tree, ({ item }) => {
    labels.push(item.label);
    return fits(item);
  });
  if (found === undefined) throw new Error(`there are: ${labels.join(" | ")}`);
  // Others may come or go above it meanwhile: then it is not this one, and is looked for again.
  return tree
    .locator(`${rowSelector}[data-index="${found.index}"]`)
    .filter({ has: tree.page().locator(".label-name", { hasText: exactly(found.item.label) }) });
}

async function expand(row: Locator): Promise<boolean> {
  if ((await row.getAttribute("aria-expanded", { timeout: stepLimitMs })) === "true") return true;
  await clickOnce(row.locator(".monaco-tl-twistie"), stepLimitMs);
  return false;
}

async function revealFile(explorer: Locator, [name = "", ...rest]: string[], level = 1): Promise<Locator> {
  const row = await rowOf(explorer, (item) => item.label === name && item.level === level);
  if (rest.length === 0) return row;
  if (!(await expand(row))) throw new Error(`${name} is not expanded yet`);
  return revealFile(explorer, rest, level + 1);
}
