import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { commandIds } from "../../extension/core/commandIds.ts";
import { jobSettingIds } from "../../extension/core/jobSettings.ts";
import { settingIds } from "../../extension/core/settings.ts";
import { contextKeys, viewIds } from "../../extension/core/viewIds.ts";

interface Manifest {
  icon: string;
  contributes: {
    commands: { command: string; category: string; title: string }[];
    views: Record<string, { id: string }[]>;
    viewsContainers: { activitybar: { id: string; icon: string }[] };
    viewsWelcome: { contents: string }[];
    menus: Record<string, { command: string }[]>;
    configuration?: {
      properties: Record<
        string,
        { scope?: string; ignoreSync?: boolean; description?: string; markdownDescription?: string }
      >;
    };
  };
}

const root = new URL("../../", import.meta.url);
const text = await readFile(new URL("package.json", root), "utf8");
const manifest = JSON.parse(text) as Manifest;
const { contributes } = manifest;

describe("the extension's manifest", () => {
  it("gives a title to every command of the code, and to no other", () => {
    const listed = contributes.commands.map(({ command }) => command).sort();
    assert.deepEqual(listed, Object.values(commandIds).sort());
    assert.ok(contributes.commands.every(({ category, title }) => category === "hwLedger" && title !== ""));
  });

  it("names only commands that exist in menus and welcome texts", () => {
    const known = new Set<string>(Object.values(commandIds));
    const inMenus = Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command));
    const welcome = contributes.viewsWelcome.map(({ contents }) => contents).join("\n");
    const inWelcome = [...welcome.matchAll(/\(command:([\w.]+)\)/g)].map(([, id = ""]) => id);
    assert.ok(inMenus.length > 0 && inWelcome.length > 0);
    assert.deepEqual(
      [...inMenus, ...inWelcome].filter((id) => !known.has(id)),
      [],
    );
  });

  it("has the views and context keys of the code, and no others", () => {
    const views = Object.values(contributes.views).flatMap((list) => list.map(({ id }) => id));
    assert.deepEqual(views, Object.values(viewIds));
    const known = new Set<string>([
      ...Object.values(contextKeys),
      ...Object.values(viewIds),
      ...Object.values(commandIds),
    ]);
    const named = [...text.matchAll(/"(?:when": "|onContext:)([^"]*)"/g)].flatMap(([, when = ""]) =>
      [...when.matchAll(/(?<![\w^.])hwledger\.[\w-]+/g)].map(([id]) => id),
    );
    const foreign = named.filter((id) => !known.has(id) && !/^hwledger\.(host|job|event)(\.|$)/.test(id));
    assert.deepEqual(foreign, []);
    assert.ok(named.includes(contextKeys.membership));
  });

  /** How views and notices look: a workspace may want that its own way. */
  const looks = ["hwledger.jobs.groupBy", "hwledger.hosts.groupBy", "hwledger.notifyWhenJobEnds"];

  it("lets no workspace set what names addresses, certificates or programs, or starts one", () => {
    const properties = Object.entries(contributes.configuration?.properties ?? {});
    assert.equal(properties.filter(([, { scope }]) => scope === "window").length, looks.length);
    for (const [name, { scope }] of properties)
      assert.equal(scope, looks.includes(name) ? "window" : "application", name);
  });

  it("carries no path of one machine to another", () => {
    for (const [name, { ignoreSync }] of Object.entries(contributes.configuration?.properties ?? {}))
      assert.equal(ignoreSync ?? false, /Path$|Folder$/.test(name), name);
  });

  it("declares every setting that the code reads, with words for people, and no other", () => {
    const declared = contributes.configuration?.properties ?? {};
    assert.deepEqual(Object.keys(declared).sort(), Object.values({ ...settingIds, ...jobSettingIds }).sort());
    for (const [name, { description, markdownDescription }] of Object.entries(declared))
      assert.ok((description ?? markdownDescription ?? "").length > 20, name);
  });

  it("has its pictures", async () => {
    const icons = contributes.viewsContainers.activitybar.map(({ icon }) => icon);
    const ofPanels = ["media/panel-light.svg", "media/panel-dark.svg"];
    for (const path of [manifest.icon, ...icons, ...ofPanels])
      assert.ok((await readFile(new URL(path, root))).length > 0, path);
  });
});
