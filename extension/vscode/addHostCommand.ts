import * as vscode from "vscode";
import { parseHostAddress, type HostAddress } from "../../protocol/hostAddress.ts";
import { hostNameSchema } from "../../protocol/ids.ts";
import type { RouteAnswer } from "../../protocol/routes.ts";
import { parseRate } from "../core/figures.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { printable } from "../core/printable.ts";
import { suggestHostName } from "../core/suggestHostName.ts";
import { whenFleetKnown } from "../core/whenFleetKnown.ts";
import { words } from "../core/words/words.ts";
import { askInList } from "./askInList.ts";
import { cancellable, isCancelled } from "./cancellable.ts";
import { fail, inform } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

const { addHost: say, waysOut } = words;

/** Questions to a person count: key, passphrase, password. */
const addLimitMs = 300_000;

interface NewHost {
  name: string;
  address: HostAddress;
  rateMicroUsdPerHour: number | null;
  unchecked?: true;
}

/** Asks which machine, what to call it and what it costs, and adds it: it is connected to before it is kept. */
export async function addHost(session: FleetSession): Promise<void> {
  try {
    await whenFleetKnown(session);
    const address = await askAddress(session);
    if (address === undefined) return;
    const name = await askName(session, address);
    if (name === undefined) return;
    const rateMicroUsdPerHour = await askRate(name);
    if (rateMicroUsdPerHour === undefined) return;
    await send(session, { name, address, rateMicroUsdPerHour });
  } catch (error) {
    await showProblem(problemIn(error));
  }
}

async function askAddress(session: FleetSession): Promise<HostAddress | undefined> {
  const names = await sshNames(session);
  if (names.length === 0) return typeAddress();
  const byAddress = { label: `$(edit) ${say.byAddress}`, alias: null, alwaysShow: true };
  const heading = { label: say.fromSshConfig, kind: vscode.QuickPickItemKind.Separator, alias: null };
  const items = names.map(({ name, hostName, user }) => ({
    label: `$(vm) ${printable(name)}`,
    description: printable([user, hostName].filter((part) => part !== null).join("@")),
    alias: name,
  }));
  const picked = await askInList([byAddress, heading, ...items], {
    title: say.title,
    placeholder: say.choose,
    matchOnDescription: true,
  });
  if (picked === undefined) return undefined;
  return picked.alias === null ? typeAddress() : { alias: picked.alias };
}

/** Names of ~/.ssh/config that are no host of the fleet yet. */
async function sshNames(session: FleetSession): Promise<RouteAnswer<"listSshNames">["names"]> {
  const { names } = await session.client.call("listSshNames");
  const known = [...session.fleet.hosts.values()].flatMap(({ record: { name, connection } }) =>
    connection.kind === "ssh" ? [name, connection.alias] : [name],
  );
  return names.filter(({ name }) => !known.includes(name));
}

async function typeAddress(): Promise<HostAddress | undefined> {
  const text = await vscode.window.showInputBox({
    title: say.title,
    prompt: say.addressPrompt,
    placeHolder: say.addressPlaceHolder,
    ignoreFocusOut: true,
    validateInput(typed) {
      const address = parseHostAddress(typed.trim());
      return "wrong" in address ? address.wrong : undefined;
    },
  });
  const address = text === undefined ? undefined : parseHostAddress(text.trim());
  return address === undefined || "wrong" in address ? undefined : address;
}

async function askName(session: FleetSession, { alias }: HostAddress): Promise<string | undefined> {
  const taken = new Set([...session.fleet.hosts.values()].map(({ record }) => record.name));
  const name = await vscode.window.showInputBox({
    title: say.title,
    prompt: say.namePrompt,
    value: suggestHostName(alias, taken),
    ignoreFocusOut: true,
    validateInput(typed) {
      if (taken.has(typed.trim())) return say.nameTaken;
      return hostNameSchema.safeParse(typed.trim()).success ? undefined : say.nameRule;
    },
  });
  return name?.trim();
}

/** Undefined when the person gave up, null when nobody knows what it costs. */
async function askRate(name: string): Promise<number | null | undefined> {
  const text = await vscode.window.showInputBox({
    title: `${say.title}: ${name}`,
    prompt: words.rate.prompt,
    placeHolder: words.rate.placeHolder,
    ignoreFocusOut: true,
    validateInput: (typed) => (parseRate(typed) === undefined ? words.rate.rule : undefined),
  });
  return text === undefined ? undefined : parseRate(text);
}

async function send(session: FleetSession, host: NewHost): Promise<void> {
  const { name, address, rateMicroUsdPerHour, unchecked } = host;
  const body = { name, ...address, rateMicroUsdPerHour, ...(unchecked ? { unchecked } : {}) };
  try {
    const record = await cancellable(words.hosts.connecting(name), (signal) =>
      session.attend(name, () => session.client.call("addHost", { body }, { silenceMs: addLimitMs, signal })),
    );
    const told =
      record.reading === null ? say.addedUnseen(record.name) : say.added(record.name, record.gpus.length);
    void inform(told);
  } catch (error) {
    if (isCancelled(error)) return;
    const problem = problemIn(error);
    const mayKeep = /^(host-unreachable|host-connection-lost|needs-login)$/.test(problem.code);
    const buttons = [waysOut.again, ...(mayKeep ? [say.anyway] : [])];
    const answer =
      problem.code === "needs-login" // the catalogue's next step is for a host that is there
        ? await fail(`${problem.detail} ${say.unanswered}`, ...buttons)
        : await showProblem(problem, ...buttons);
    if (answer === waysOut.again) await send(session, host);
    if (answer === say.anyway) await send(session, { ...host, unchecked: true });
  }
}
