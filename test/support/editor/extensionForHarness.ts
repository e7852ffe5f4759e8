import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createVSIX } from "@vscode/vsce";

const manifest = {
  name: "harness",
  publisher: "throwaway",
  version: "1.0.0",
  engines: { vscode: "^1.101.0" },
  main: "main.js",
  activationEvents: ["onUri"],
  extensionKind: ["workspace"],
  contributes: {
    commands: [
      { command: "harness.run", title: "Run for the Harness" },
      { command: "harness.ask", title: "Ask for the Harness" },
      { command: "harness.readSecret", title: "Read the Secret" },
      { command: "harness.link", title: "Make a Link" },
    ],
    menus: {
      "explorer/context": [{ command: "harness.run", group: "navigation@1" }],
      "editor/context": [{ command: "harness.run", group: "navigation@1" }],
      "view/item/context": [{ command: "harness.ask", group: "a@1" }],
    },
    viewsContainers: { activitybar: [{ id: "harness", title: "Harness", icon: "icon.svg" }] },
    views: { harness: [{ id: "harness.things", name: "Things" }] },
  },
};

/** CommonJS, as the extension host loads it. Says what it does by notifications that a test can read. */
const source = `
const vscode = require("vscode");
const say = (text) => void vscode.window.showInformationMessage(text);
const things = Array.from({ length: 45 }, (_, i) => ({ label: "thing " + i, description: "number " + i }));
const tree = {
  getChildren: (thing) => (thing === undefined ? things : thing === things[0] ? [{ label: "inner" }] : []),
  getTreeItem: (thing) => {
    const item = new vscode.TreeItem(thing.label, thing === things[0] ? 1 : 0);
    item.description = thing.description;
    return item;
  },
};
function run(uri) {
  const written = new vscode.EventEmitter();
  const pty = {
    onDidWrite: written.event,
    open: () => {
      written.fire("first line\\r\\n" + "long ".repeat(80) + "line\\r\\n");
      for (let i = 0; i < 100; i += 1) written.fire("line " + i + "\\r\\n");
      written.fire("ran " + require("node:path").basename(uri.fsPath) + ", " + process.env.HWLEDGER_HARNESS + "\\r\\n");
    },
    close: () => {},
    handleInput: (data) => written.fire("typed " + data.charCodeAt(0) + "\\r\\n"),
  };
  vscode.window.createTerminal({ name: "harness", pty }).show();
}
async function ask({ secrets }) {
  const picked = await vscode.window.showQuickPick([
    { label: "alpha", description: "first" },
    { label: "beta", description: "second", detail: "with a detail" },
  ]);
  const text = await vscode.window.showInputBox({ prompt: "How often?" });
  await secrets.store("answer", picked.label + " " + text);
  const pressed = await vscode.window.showInformationMessage("answered " + picked.label + " " + text, "Fine");
  if (pressed === "Fine") void vscode.window.showWarningMessage("fine, " + picked.label);
}
exports.activate = (context) => {
  const command = (name, body) => context.subscriptions.push(vscode.commands.registerCommand(name, body));
  vscode.window.createOutputChannel("Harness", { log: true }).info("the harness extension is active");
  vscode.window.registerTreeDataProvider("harness.things", tree);
  command("harness.run", run);
  command("harness.ask", () => ask(context));
  command("harness.readSecret", async () => say("secret " + (await context.secrets.get("answer"))));
  command("harness.link", async () => {
    const link = vscode.Uri.parse(vscode.env.uriScheme + "://throwaway.harness/join?a=web");
    await vscode.env.clipboard.writeText((await vscode.env.asExternalUri(link)).toString(true));
    say("link is made");
  });
  vscode.window.registerUriHandler({ handleUri: (uri) => say("link " + uri.path + " " + uri.query) });
  const item = vscode.window.createStatusBarItem();
  item.text = "harness ready";
  item.show();
};
`;

/** Packs a throwaway extension that uses each part of the editor once; returns the path of its VSIX. */
export async function packExtensionForHarness(dir: string): Promise<string> {
  const cwd = join(dir, "extension");
  await mkdir(cwd, { recursive: true });
  await writeFile(join(cwd, "package.json"), JSON.stringify(manifest));
  await writeFile(join(cwd, "main.js"), source);
  await writeFile(join(cwd, "icon.svg"), '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>');
  const packagePath = join(dir, "harness.vsix");
  await createVSIX({
    cwd,
    packagePath,
    allowMissingRepository: true,
    skipLicense: true,
    dependencies: false,
  });
  return packagePath;
}
